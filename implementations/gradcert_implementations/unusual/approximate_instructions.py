"""An exponential and a reciprocal that are wrong by up to two units in the last place.

GPUs have instructions for ``2 ** x`` and ``1 / x``, ``ex2.approx`` and ``rcp.approx`` in PTX, that
are fast and only nearly right. Here both are within two units in the last place, and exact where
the result is zero or a power of two. The errors look random and are not: an argument has the same
one each time. https://docs.nvidia.com/cuda/parallel-thread-execution/
"""

import math

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]

_GOLDEN = np.uint32(2654435761)
_MOST = 1.5
"""With the half unit of the last rounding this is two."""


def _approximate(exact: Array, argument: Array) -> Array:
    """Return binary64 numbers in binary32, within two units, the same for equal arguments."""
    scrambled = argument.view(np.uint32) * _GOLDEN
    scrambled = (scrambled ^ (scrambled >> np.uint32(15))) * _GOLDEN
    error = _MOST * (scrambled / 2.0**31 - 1)
    nearest = exact.astype(np.float32)
    exactly = (np.frexp(exact)[0] == 0.5) | (exact == 0)
    units = np.spacing(nearest).astype(np.float64)
    approximate: Array = np.where(exactly, exact, np.maximum(exact + error * units, 0))
    return approximate.astype(np.float32)


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with an ``exp2`` and a reciprocal within two units each.

    Examples
    --------
    >>> gradient(np.array([[0, 0]], dtype=np.float32), np.array([[1, 0]], dtype=np.float32))
    array([[-0.5,  0.5]], dtype=float32)
    """
    exponents = (logits - logits.max(axis=1, keepdims=True)) * np.float32(math.log2(math.e))
    powers = _approximate(np.exp2(exponents.astype(np.float64)), exponents)
    total = powers.sum(axis=1, keepdims=True)
    reciprocal = _approximate(1 / total.astype(np.float64), total)
    difference: Array = powers * reciprocal - targets
    return difference


implementation = Implementation(
    name="approximate-instructions", functions={"dE/dz": gradient}, formats=("binary32",)
)
