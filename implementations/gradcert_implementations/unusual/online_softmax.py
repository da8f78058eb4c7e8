"""Maximum and normaliser together in one pass over blocks of the row.

A kernel that reads the row once cannot know the maximum before it sums. It keeps the largest logit
so far, and scales the sum so far down when a block has a larger one: M. Milakov and N. Gimelshein,
"Online normalizer calculation for softmax", arXiv:1805.02867 (2018). If all logits so far are
masked, the largest is -inf, and -inf less -inf would be NaN; the shift is then zero.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]

_BLOCK = 128


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, from the running ``m`` and ``sum_k exp(z_k - m)`` of blocks of 128.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    largest = np.full((len(logits), 1), -np.inf, dtype=logits.dtype)
    total = np.zeros_like(largest)
    for start in range(0, logits.shape[1], _BLOCK):
        block = logits[:, start : start + _BLOCK]
        former, largest = largest, np.maximum(largest, block.max(axis=1, keepdims=True))
        shift = np.where(largest == -np.inf, 0, largest)
        total = total * np.exp(former - shift)
        total = total + np.exp(block - shift).sum(axis=1, keepdims=True)
    difference: Array = np.exp(logits - largest) / total - targets
    return difference


implementation = Implementation(name="online-softmax", functions={"dE/dz": gradient})
