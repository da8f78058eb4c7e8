"""Every operation rounded down, as for the lower end of an interval.

Interval arithmetic computes each bound in a mode of its own, and code that runs between the two
still computes in one of them. Each operation is wrong by up to one unit in the last place, and its
result never too large. A sum that is too small makes a quotient too large, so this is no mirror
image of rounding up. Here each operation is done in binary64, and replaced by the number below it
if it was rounded up.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with every operation rounded down, and a pairwise sum.

    Examples
    --------
    >>> gradient(np.array([[0, 0]], dtype=np.float32), np.array([[1, 0]], dtype=np.float32))
    array([[-0.5,  0.5]], dtype=float32)
    """

    def down(exact: Array) -> Array:
        rounded = exact.astype(logits.dtype)
        high = rounded.astype(np.float64) > exact
        rounded[high] = np.nextafter(rounded[high], logits.dtype.type(-np.inf))
        return rounded.astype(np.float64)

    exponents = down(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    powers = down(np.exp(exponents))
    total = powers
    for _ in range((logits.shape[1] - 1).bit_length()):
        half = -(-total.shape[1] // 2)
        folded = total[:, :half].copy()
        folded[:, : total.shape[1] - half] += total[:, half:]
        total = down(folded)
    o = down(powers / total)
    return down(o - targets.astype(np.float64)).astype(logits.dtype)


implementation = Implementation(
    name="rounded-down", functions={"dE/dz": gradient}, formats=("binary32",)
)
