"""Minus the sum of the other probabilities at a one-hot target, where nothing cancels.

In a confident row ``o_t`` is within a rounding error of one, so ``o_t - 1`` cancels and loses every
digit. Probabilities sum to one, so the same number is minus the sum of the others, which are small
and keep their digits.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, and ``-sum_{k != j} o_k`` where ``t_j = 1``.

    The targets must sum to one: if one of them is one, all others are zero.

    Examples
    --------
    >>> gradient(np.array([[40.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-4.24835426e-18,  4.24835426e-18]])
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    o = powers / powers.sum(axis=1, keepdims=True)
    hit = targets == 1
    others = np.where(hit, 0, o).sum(axis=1, keepdims=True)
    # The sum of the others leaves out a NaN at the target; 0 * o adds it.
    difference: Array = np.where(hit, 0 * o - others, o - targets)
    return difference


implementation = Implementation(name="compensated-target", functions={"dE/dz": gradient})
