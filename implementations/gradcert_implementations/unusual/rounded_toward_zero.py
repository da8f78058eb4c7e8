"""Every operation rounded toward zero.

Some processors and many circuits cut the digits off that do not fit. An operation is then wrong by
up to one unit in the last place in place of a half, and always to the same side. Here each result
is computed in binary64, rounded, and replaced by its neighbour if it is too large. The sum is in
binary32 in both formats, because errors to one side add up. In bfloat16 this is no way to compute:
an exponent between -64 and -128 is cut by up to a half, which makes its power 1.6 times as large.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]

_SUMS = np.dtype(np.float32)


def _cut(wide: Array, format: np.dtype) -> Array:
    """Return numbers of a format as binary64, none of them farther from zero than it was."""
    nearest = wide.astype(format)
    beyond = np.abs(nearest.astype(np.float64)) > np.abs(wide)
    cut: Array = np.where(beyond, np.nextafter(nearest, format.type(0)), nearest)
    return cut.astype(np.float64)


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with every operation rounded toward zero, and a pairwise sum.

    Examples
    --------
    >>> gradient(np.array([[0, 0]], dtype=np.float32), np.array([[1, 0]], dtype=np.float32))
    array([[-0.5,  0.5]], dtype=float32)
    """
    format = logits.dtype
    z, t = logits.astype(np.float64), targets.astype(np.float64)
    powers = _cut(np.exp(_cut(z - z.max(axis=1, keepdims=True), format)), format)
    sums = powers
    while sums.shape[1] > 1:
        even = sums.shape[1] // 2 * 2
        rest = sums[:, even:]
        sums = np.hstack([_cut(sums[:, :even:2] + sums[:, 1:even:2], _SUMS), rest])
    difference: Array = _cut(_cut(powers / sums, format) - t, format)
    return difference.astype(format)


implementation = Implementation(
    name="rounded-toward-zero", functions={"dE/dz": gradient}, formats=("binary32", "binary16")
)
