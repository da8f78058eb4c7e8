"""A narrow kernel whose sum is a product with ones on a tensor core, in TF32.

A tensor core multiplies matrices, so the sum of a row is its product with a column of ones. In TF32
it reads 11 bits of each number, 10 of them stored, and adds in binary32. A 16-bit format has no
more digits, so the sum loses nothing that matters.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]

_DROPPED = 13
"""The bits by which TF32 is shorter than binary32."""


def _tf32(numbers: Array) -> Array:
    """Return binary32 numbers rounded to TF32, ties to even."""
    bits = numbers.view(np.uint32)
    even = bits >> np.uint32(_DROPPED) & np.uint32(1)
    rounded = bits + even + np.uint32((1 << (_DROPPED - 1)) - 1)
    short: Array = (rounded >> np.uint32(_DROPPED) << np.uint32(_DROPPED)).view(np.float32)
    return np.where(np.isfinite(numbers), short, numbers)


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with ``sum_k exp(z_k - m)`` of terms in TF32.

    Examples
    --------
    >>> gradient(np.array([[0, 0]], dtype=np.float16), np.array([[1, 0]], dtype=np.float16))
    array([[-0.5,  0.5]], dtype=float16)
    """
    z = logits.astype(np.float32)
    powers = _tf32(np.exp(z - z.max(axis=1, keepdims=True)))
    difference: Array = powers / powers.sum(axis=1, keepdims=True) - targets.astype(np.float32)
    return difference.astype(logits.dtype)


implementation = Implementation(
    name="tf32-summation", functions={"dE/dz": gradient}, formats=("binary16", "bfloat16")
)
