"""An online softmax that scales its sum down only if the maximum has grown by much.

Every rescaling costs an exponential and a product, and most of them change little. FlashAttention-4
leaves them out as long as the largest logit is at most 8 powers of two above the shift. The
exponentials are then as large as 256, which no format minds. The shift cancels in the quotient,
whatever it is. As in every online softmax, a block that is masked leaves the shift as it is.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]

_BLOCK = 64

_BOUND = 5.5
"""Almost the natural logarithm of 2^8."""


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with ``exp(z_k - c)``, ``c`` at most 5.5 below the maximum.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    shift = np.full((len(logits), 1), -np.inf, logits.dtype)
    total = np.zeros_like(shift)
    for start in range(0, logits.shape[1], _BLOCK):
        block = logits[:, start : start + _BLOCK]
        largest = block.max(axis=1, keepdims=True)
        # A NaN in the block makes the answer of its row NaN, as it does in any softmax.
        grown = np.where(largest - _BOUND <= shift, shift, largest)
        total = np.where(grown == shift, total, total * np.exp(shift - grown))
        finite = np.where(np.isneginf(grown), 0, grown)
        total = total + np.exp(block - finite).sum(axis=1, keepdims=True)
        shift = grown
    difference: Array = np.exp(logits - shift) / total - targets
    return difference


implementation = Implementation(name="lazy-rescaling", functions={"dE/dz": gradient})
