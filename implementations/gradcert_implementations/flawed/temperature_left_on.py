"""A temperature of two left on, and its factor missing backward.

A temperature is added for distillation or for sampling, and stays in the forward pass when it
should be one again. The gradient by the logits would then have the inverse temperature as a factor,
but that is missing too. The answer is the gradient by the cooled logits, although the loss promises
no temperature. It still sums to zero, and it is right if all logits are equal.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]

_TEMPERATURE = 2


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``softmax(z / 2)_j - t_j``, where the temperature should have been one.

    Examples
    --------
    >>> gradient(np.array([[0.0, 2.0]]), np.array([[1.0, 0.0]]))
    array([[-0.73105858,  0.73105858]])
    """
    cooled = (logits - logits.max(axis=-1, keepdims=True)) / _TEMPERATURE
    powers = np.exp(cooled)
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return o - targets


implementation = Flaw(
    name="temperature-left-on",
    functions={"dE/dz": gradient},
    formula="dE/dz_j = softmax(z / 2)_j - t_j",
    source="a common slip; the factor is in Hinton, Vinyals and Dean, "
    '"Distilling the Knowledge in a Neural Network" (2015)',
    kind=FlawKind.FORMULA,
    links=("https://arxiv.org/abs/1503.02531",),
    exposed_by=(((1.0, 0.0),), ((1.0, 0.0),)),
)
