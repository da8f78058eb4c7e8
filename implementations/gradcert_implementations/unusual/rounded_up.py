"""Every operation rounded up, as for the upper end of an interval.

Interval arithmetic switches the processor to this mode, and code that runs in it later still
computes in it. Each result is wrong by up to one unit in the last place, and never too small. Here
each is computed in binary64, and replaced by the next number of the format if it was rounded down.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with every operation rounded up, and a pairwise sum.

    Examples
    --------
    >>> gradient(np.array([[0, 0]], dtype=np.float32), np.array([[1, 0]], dtype=np.float32))
    array([[-0.5,  0.5]], dtype=float32)
    """

    def up(exact: Array) -> Array:
        rounded = exact.astype(logits.dtype)
        low = rounded.astype(np.float64) < exact
        rounded[low] = np.nextafter(rounded[low], logits.dtype.type(np.inf))
        return rounded.astype(np.float64)

    exponents = up(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    powers = up(np.exp(exponents))
    total = powers
    for _ in range((logits.shape[1] - 1).bit_length()):
        half = -(-total.shape[1] // 2)
        folded = total[:, :half].copy()
        folded[:, : total.shape[1] - half] += total[:, half:]
        total = up(folded)
    o = up(powers / total)
    return up(o - targets.astype(np.float64)).astype(logits.dtype)


implementation = Implementation(
    name="rounded-up", functions={"dE/dz": gradient}, formats=("binary32",)
)
