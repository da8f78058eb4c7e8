"""Computed in binary64 in every format, and rounded at the end.

On a processor the wider format costs little, and nearly every answer in a narrower format becomes
the closest number of that format. A reference for kernels is often computed in this way.
(`ml_dtypes` rounds to bfloat16 by way of binary32, which matters only within 2^-25 of a tie.)
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j`` of the binary64 copies of the arguments, in their own format.

    Examples
    --------
    >>> gradient(np.array([[0, 0]], dtype=np.float32), np.array([[1, 0]], dtype=np.float32))
    array([[-0.5,  0.5]], dtype=float32)
    """
    z, t = logits.astype(np.float64), targets.astype(np.float64)
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    difference: Array = powers / powers.sum(axis=1, keepdims=True) - t
    return difference.astype(logits.dtype)


implementation = Implementation(
    name="binary64-inside",
    functions={"dE/dz": gradient},
    formats=("binary32", "binary16", "bfloat16"),
)
