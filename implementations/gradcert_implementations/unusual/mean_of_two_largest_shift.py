"""Shifted by the mean of the two largest logits, not by the largest.

Softmax does not change if one number is subtracted from all logits. The maximum is only the choice
that cannot overflow. With the mean of the two largest as the shift, one of them lies as far above
zero as the other below it. If they are more than 80 apart, or all but one are masked, the shift is
the largest less 40. Then no exponential exceeds ``e^40``, and the sum overflows in no format but
binary16.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]

_FARTHEST = 40


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with ``exp(z_k - c)``, ``c = m - min((m - m_2) / 2, 40)``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    lesser = max(logits.shape[1] - 2, 0)
    two = np.partition(logits, lesser, axis=1)[:, lesser:]
    second, largest = two[:, :1], two[:, -1:]
    shift = largest - np.minimum((largest - second) / 2, _FARTHEST)
    powers = np.exp(logits - shift)
    difference: Array = powers / powers.sum(axis=1, keepdims=True) - targets
    return difference


implementation = Implementation(name="mean-of-two-largest-shift", functions={"dE/dz": gradient})
