"""Logits clamped before the softmax.

An exponential overflowed once, and clamping its argument helped. With the shift by the largest
logit nothing can overflow, but the clamp stays. All logits beyond the bound become equal, so the
network cannot tell its best class from the next one, and a mask of minus infinity becomes a class
like others. Networks at their start have small logits, and nothing shows.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import Between, ParametricFlaw

__all__ = ["clamped_beyond", "implementation"]


def clamped_beyond(bound: float) -> Mapping[QuantityName, Function]:
    """Return the quantities of the logits ``clip(z_j, -bound, bound)``.

    Examples
    --------
    >>> clamped_beyond(1)["dE/dz"](np.array([[2.0, 1.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """

    def below(logits: Array) -> Array:
        largest = logits.dtype.type(bound)
        z = np.clip(logits, -largest, largest)
        shifted: Array = z - z.max(axis=-1, keepdims=True)
        return shifted

    def softmax(logits: Array) -> Array:
        powers = np.exp(below(logits))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        return o

    def loss(logits: Array, targets: Array) -> Array:
        shifted = below(logits)
        surprise = np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted
        total: Array = (targets * surprise).sum(axis=-1)
        return total

    def gradient(logits: Array, targets: Array) -> Array:
        return softmax(logits) - targets

    return {"softmax": softmax, "loss": loss, "dE/dz": gradient}


def _stated(bound: float) -> str:
    return f"clip(z_j, -{bound:g}, {bound:g}) in place of z_j"


implementation = ParametricFlaw(
    name="logits-clamped",
    functions=clamped_beyond(50),
    formula=_stated(50),
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((51.0, 50.0),), ((1.0, 0.0),)),
    at=clamped_beyond,
    stated=_stated,
    fit=Between(0.1, 10000),
)
