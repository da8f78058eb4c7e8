"""Everything in the 16-bit format, but the sum in binary32.

A kernel that works in 16 bits keeps one number of each row in binary32: the sum, because in the
narrow format it would stop growing, or overflow. Exponents, exponentials and probabilities are
rounded to the narrow format.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with ``sum_k exp(z_k - m)`` in binary32 and the rest in the format.

    Examples
    --------
    >>> gradient(np.array([[0, 0]], dtype=np.float16), np.array([[1, 0]], dtype=np.float16))
    array([[-0.5,  0.5]], dtype=float16)
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    total = powers.astype(np.float32).sum(axis=1, keepdims=True)
    o = (powers.astype(np.float32) / total).astype(logits.dtype)
    difference: Array = o - targets
    return difference


implementation = Implementation(
    name="binary32-summation", functions={"dE/dz": gradient}, formats=("binary16", "bfloat16")
)
