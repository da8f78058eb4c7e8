"""Numbers rounded to a 16-bit format up or down at random, the more often to the nearer one.

In training, small updates that would always be rounded away then survive on average. An error is up
to one unit in the last place in place of a half: M. Croci et al., "Stochastic rounding:
implementation, error analysis and applications", R. Soc. Open Sci. 9 (2022). The random numbers
come from the bits of the number that is rounded, so that equal arguments have equal answers. The
sum is in binary32.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]


def _rounded(numbers: Array, format: np.dtype) -> Array:
    """Return binary32 numbers rounded to a number of the format above or below."""
    nearest = numbers.astype(format)
    rest = numbers - nearest.astype(np.float32)
    beyond = np.where(rest > 0, np.inf, -np.inf).astype(format)
    other = np.nextafter(nearest, beyond)
    gap = np.abs(other.astype(np.float32) - nearest.astype(np.float32))
    draws = numbers.view(np.uint32) * np.uint32(0x9E3779B1)
    draws = (draws ^ (draws >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    # Below a half, because the nearer of the two numbers is the nearest one.
    moves = (np.abs(rest) > draws / 2.0**32 * gap) & np.isfinite(gap)
    chosen: Array = np.where(moves, other, nearest)
    return chosen


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with exponentials, ``o_j`` and the difference rounded at random.

    Examples
    --------
    >>> gradient(np.array([[0, 0]], dtype=np.float16), np.array([[1, 0]], dtype=np.float16))
    array([[-0.5,  0.5]], dtype=float16)
    """
    format = logits.dtype
    z, t = logits.astype(np.float32), targets.astype(np.float32)
    powers = _rounded(np.exp(z - z.max(axis=1, keepdims=True)), format).astype(np.float32)
    total = powers.sum(axis=1, keepdims=True)
    o = _rounded(powers / total, format).astype(np.float32)
    return _rounded(o - t, format)


implementation = Implementation(
    name="stochastic-rounding", functions={"dE/dz": gradient}, formats=("binary16", "bfloat16")
)
