"""A temperature left on, and its factor missing backward.

A temperature is added for distillation or for sampling, and stays in the forward pass when it
should be one again. The gradient by the logits would then have the inverse temperature as a factor,
but that is missing too. The answer is the gradient by the cooled logits, although the loss promises
no temperature. It still sums to zero, and it is right if all logits are equal.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import Between, ParametricFlaw

__all__ = ["implementation", "with_temperature"]


def with_temperature(temperature: float) -> Mapping[QuantityName, Function]:
    """Return ``softmax(z / temperature)_j - t_j``, where the temperature should be one.

    Examples
    --------
    >>> with_temperature(2)["dE/dz"](np.array([[0.0, 2.0]]), np.array([[1.0, 0.0]]))
    array([[-0.73105858,  0.73105858]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        cooled = (logits - logits.max(axis=-1, keepdims=True)) / logits.dtype.type(temperature)
        powers = np.exp(cooled)
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        return o - targets

    return {"dE/dz": gradient}


def _stated(temperature: float) -> str:
    return f"dE/dz_j = softmax(z / {temperature:g})_j - t_j"


implementation = ParametricFlaw(
    name="temperature-left-on",
    functions=with_temperature(2),
    formula=_stated(2),
    source="a common slip; the factor is in Hinton, Vinyals and Dean, "
    '"Distilling the Knowledge in a Neural Network" (2015)',
    kind=FlawKind.FORMULA,
    links=("https://arxiv.org/abs/1503.02531",),
    exposed_by=(((1.0, 0.0),), ((1.0, 0.0),)),
    at=with_temperature,
    stated=_stated,
    fit=Between(0.01, 1000),
)
