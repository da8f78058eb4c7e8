"""The weight of the label, gathered first, multiplies the row.

With class indices a row has one weight, that of its label. It is gathered for all rows at once, and
so is the divisor, the sum of these weights. No weighted targets are made.
"""

import numpy as np

from gradcert_implementations.interface import (
    Array,
    Domain,
    Implementation,
    Loss,
    MeanOver,
    Reduction,
)

__all__ = ["gradient", "implementation"]

_WEIGHTS = (0.5, 2.0, 1.0, 0.1)


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``w_y (o_j - t_j) / sum w_y`` for the label y of each row that has one.

    Examples
    --------
    >>> gradient(np.zeros((2, 4)), np.array([[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]))
    array([[ 0.25, -0.75,  0.25,  0.25],
           [ 0.  ,  0.  ,  0.  ,  0.  ]])
    """
    weights = np.array(_WEIGHTS, logits.dtype)
    weights = np.where(targets.any(axis=-1), weights[targets.argmax(axis=-1)], weights[:1] * 0)
    total = weights.sum()
    if total == 0:
        return np.zeros_like(logits)
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    slopes = powers / powers.sum(axis=-1, keepdims=True) - targets
    result: Array = slopes * (weights / total)[:, np.newaxis]
    return result


implementation = Implementation(
    name="weight-of-the-label-gathered",
    functions={"dE/dz": gradient},
    loss=Loss(
        class_weights=_WEIGHTS,
        ignore_index=-100,
        reduction=Reduction.MEAN,
        mean_over=MeanOver.WEIGHTS,
    ),
    domain=Domain(targets="index"),
)
