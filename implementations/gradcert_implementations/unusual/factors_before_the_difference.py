"""Every factor is multiplied to the terms, and the difference is last.

The probability and the target each have the factor g M s w / D in front, and only then are they
subtracted. It is the order of a kernel that accumulates both into one array. The temperature of
distillation is here: the scale 1 / T, and the multiplier T**2.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation, Loss, Reduction

__all__ = ["gradient", "implementation"]

_TEMPERATURE = 4.0


def gradient(logits: Array, targets: Array, upstream: Array) -> Array:
    """Return ``f o_j - f t_j``, with ``f = g T**2 / T / R``, T = 4 and R rows.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]), np.array(1.0))
    array([[-2.,  2.]])
    """
    number = logits.dtype.type
    factor = upstream * number(_TEMPERATURE) / number(max(1, len(logits)))
    scaled = logits / number(_TEMPERATURE)
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    result: Array = powers * (factor / powers.sum(axis=-1, keepdims=True)) - targets * factor
    return result


implementation = Implementation(
    name="factors-before-the-difference",
    functions={"dE/dz": gradient},
    loss=Loss(logit_scale=1 / _TEMPERATURE, multiplier=_TEMPERATURE**2, reduction=Reduction.MEAN),
    takes_upstream=True,
)
