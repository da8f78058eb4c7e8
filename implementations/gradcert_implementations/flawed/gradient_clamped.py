"""Every value of the gradient is clamped.

Clipping the gradients of the parameters is a habit of training. Somebody moves it into the loss and
clips every value, so that one bad row cannot do harm. A gradient by the logits lies between minus
one and one, so a bound of one does nothing there. A smaller one shortens just the rows that are
furthest off, and changes their direction.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.reading import (
    Readings,
    agreed,
    differs,
)

__all__ = ["clamped_at", "implementation"]


def clamped_at(bound: float) -> Mapping[QuantityName, Function]:
    """Return the gradients, every value between -bound and bound.

    Examples
    --------
    >>> clamped_at(0.25)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.25,  0.25]])
    """

    def loss_by_probability(probabilities: Array, targets: Array) -> Array:
        largest = probabilities.dtype.type(bound)
        clipped: Array = np.clip(-targets / probabilities, -largest, largest)
        return clipped

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o = powers / powers.sum(axis=-1, keepdims=True)
        largest = o.dtype.type(bound)
        clipped: Array = np.clip(o - targets, -largest, largest)
        return clipped

    return {"dE/dz": gradient, "dE/do": loss_by_probability}


def _stated(bound: float) -> str:
    return f"every value is clipped to [-{bound:g}, {bound:g}]"


def _read(seen: Seen) -> Readings:
    wrong = differs(seen)
    size = abs(seen.returned[wrong])
    return Readings.of(seen, size, np.ones(()), size)


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    if any((abs(seen.returned) > abs(seen.expected))[differs(seen)].any() for seen in evidence):
        return []
    return [(bound,) for bound in agreed(map(_read, evidence), low=0)]


implementation = ParametricFlaw(
    name="gradient-clamped",
    functions=clamped_at(0.5),
    formula=_stated(0.5),
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 1.0),), ((1.0, 0.0),)),
    at=clamped_at,
    stated=_stated,
    fit=_fit,
)
