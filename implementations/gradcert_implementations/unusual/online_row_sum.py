"""Normaliser and row sum of the backward of softmax together in one pass.

A kernel that recomputes the softmax in its backward keeps three running numbers: the largest logit,
``sum_k exp(z_k - m)`` and ``sum_k exp(z_k - m) v_k``. When a block has a larger logit, both sums
are scaled down. Their quotient is the row sum ``sum_k o_k v_k``, though no o_k was known when its
term was added. If all logits so far are masked, the shift is zero.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["implementation", "softmax_backward"]

_BLOCK = 128


def softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``o_j (v_j - D / S)``, from the running sums S and D of blocks of 128.

    Examples
    --------
    >>> softmax_backward(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[ 0.25, -0.25]])
    """
    largest = np.full((len(logits), 1), -np.inf, dtype=logits.dtype)
    total = np.zeros_like(largest)
    weighted = np.zeros_like(largest)
    for start in range(0, logits.shape[1], _BLOCK):
        block = slice(start, start + _BLOCK)
        former = largest
        largest = np.maximum(largest, logits[:, block].max(axis=1, keepdims=True))
        shift = np.where(largest == -np.inf, 0, largest)
        powers = np.exp(logits[:, block] - shift)
        down = np.exp(former - shift)
        total = total * down + powers.sum(axis=1, keepdims=True)
        weighted = weighted * down + (powers * v[:, block]).sum(axis=1, keepdims=True)
    o: Array = np.exp(logits - largest) / total
    return o * (v - weighted / total)


implementation = Implementation(
    name="online-row-sum", functions={"softmax-backward": softmax_backward}
)
