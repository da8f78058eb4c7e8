"""At a one-hot target minus the sum of the other probabilities, where nothing cancels.

At a confident row ``o_t`` is within a rounding of one, ``o_t - 1`` cancels to zero, and the answer
loses every digit that it has. Probabilities sum to one, so that the same number is minus the sum of
the others, which are small and keep their digits.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, and ``-sum_{k != j} o_k`` where ``t_j = 1``.

    It takes targets that sum to one: beside a target of one all others are zero.

    Examples
    --------
    >>> gradient(np.array([[40.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-4.24835426e-18,  4.24835426e-18]])
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    o = powers / powers.sum(axis=1, keepdims=True)
    hit = targets == 1
    others = np.where(hit, 0, o).sum(axis=1, keepdims=True)
    # A NaN at the target is not among the others: 0 * o brings it in.
    difference: Array = np.where(hit, 0 * o - others, o - targets)
    return difference


implementation = Implementation(name="compensated-target", functions={"dE/dz": gradient})
