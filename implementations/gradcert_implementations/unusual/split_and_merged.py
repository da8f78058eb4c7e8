"""The row split into parts; their maxima and sums merged two by two.

Several blocks of a GPU take a part of a long row each, and leave its largest logit ``m`` and its
sum ``s = sum exp(z_k - m)``. Two such pairs become one: the larger ``m``, and both sums scaled to
it. FlashDecoding splits rows in this way: https://pytorch.org/blog/flash-decoding/. If both parts
are masked, -inf less -inf would be NaN; such a pair keeps its sum of zero.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]

_PARTS = 7


def _pair(part: Array) -> tuple[Array, Array]:
    largest = part.max(axis=1, keepdims=True)
    shift = np.where(np.isneginf(largest), 0, largest)
    return largest, np.exp(part - shift).sum(axis=1, keepdims=True)


def _merged(one: tuple[Array, Array], other: tuple[Array, Array]) -> tuple[Array, Array]:
    largest = np.maximum(one[0], other[0])
    shift = np.where(np.isneginf(largest), 0, largest)
    return largest, one[1] * np.exp(one[0] - shift) + other[1] * np.exp(other[0] - shift)


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, from pairs of ``m`` and ``sum_k exp(z_k - m)`` of up to 7 parts.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    parts = np.array_split(logits, min(_PARTS, logits.shape[1]), axis=1)
    pairs = [_pair(part) for part in parts]
    while len(pairs) > 1:
        odd = pairs[len(pairs) & ~1 :]
        pairs = [_merged(*two) for two in zip(pairs[::2], pairs[1::2], strict=False)] + odd
    ((largest, total),) = pairs
    difference: Array = np.exp(logits - largest) / total - targets
    return difference


implementation = Implementation(name="split-and-merged", functions={"dE/dz": gradient})
