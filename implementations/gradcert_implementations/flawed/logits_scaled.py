"""A scale of the logits left on.

Attention, contrastive losses and a few language models multiply the logits by a scale before the
softmax. A temperature is its reciprocal. The scale is right for its model, and it is wrong where
the plain loss is promised. Gradient and loss are those of the scaled logits and fit each other, so
that no difference quotient of this loss finds the mistake.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import Between, ParametricFlaw

__all__ = ["implementation", "with_scale"]


def with_scale(scale: float) -> Mapping[QuantityName, Function]:
    """Return the quantities of the logits ``scale z``, by z.

    Examples
    --------
    >>> with_scale(2)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-1.,  1.]])
    """

    def below(logits: Array) -> Array:
        shifted: Array = (logits - logits.max(axis=-1, keepdims=True)) * scale
        return shifted

    def softmax(logits: Array) -> Array:
        powers = np.exp(below(logits))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        return o

    def loss(logits: Array, targets: Array) -> Array:
        shifted = below(logits)
        surprise = np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted
        total: Array = (targets * np.where(targets == 0, 0, surprise)).sum(axis=-1)
        return total

    def gradient(logits: Array, targets: Array) -> Array:
        return (softmax(logits) - targets) * scale

    return {"softmax": softmax, "loss": loss, "dE/dz": gradient}


def _stated(scale: float) -> str:
    return f"{scale:g} z_j in place of z_j"


implementation = ParametricFlaw(
    name="logits-scaled",
    functions=with_scale(0.5),
    formula=_stated(0.5),
    source="a common slip; Fast-LLM #228 reports a scale at the wrong place",
    kind=FlawKind.FORMULA,
    links=("https://github.com/ServiceNow/Fast-LLM/issues/228",),
    exposed_by=(((1.0, 0.0),), ((1.0, 0.0),)),
    at=with_scale,
    stated=_stated,
    fit=Between(0.001, 1000),
)
