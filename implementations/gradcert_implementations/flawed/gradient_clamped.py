"""Every value of the gradient is clamped.

Clipping the gradients of the parameters is a habit of training. Somebody moves it into the loss and
clips every value, so that one bad row cannot do harm. A gradient by the logits lies between minus
one and one, so a bound of one does nothing there. A smaller one shortens just the rows that are
furthest off, and changes their direction. A minimum or a maximum alone clamps one side: the classes
that are wrong, or the label.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import inf

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

__all__ = ["clamped_between", "implementation"]


def clamped_between(low: float, high: float) -> Mapping[QuantityName, Function]:
    """Return the gradients, every value between low and high; one of them may be infinite.

    Examples
    --------
    >>> clamped_between(-0.25, np.inf)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.25,  0.5 ]])
    """

    def loss_by_probability(probabilities: Array, targets: Array) -> Array:
        number = probabilities.dtype.type
        clipped: Array = np.clip(-targets / probabilities, number(low), number(high))
        return clipped

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o = powers / powers.sum(axis=-1, keepdims=True)
        number = o.dtype.type
        clipped: Array = np.clip(o - targets, number(low), number(high))
        return clipped

    return {"dE/dz": gradient, "dE/do": loss_by_probability}


def _stated(low: float, high: float) -> str:
    if high == inf:
        return f"every value is raised to {low:g} at least"
    if low == -inf:
        return f"every value is lowered to {high:g} at most"
    return f"every value is clipped to [{low:g}, {high:g}]"


def _bounds(evidence: Sequence[Seen], sign: int) -> list[float]:
    """Return what the bound may be that raised values (sign 1), or that lowered them (sign -1)."""
    readings = []
    for seen in evidence:
        moved = differs(seen) & (sign * (seen.returned - seen.expected) > 0)
        size = abs(seen.returned[moved])
        readings.append(Readings.of(seen, seen.returned[moved], np.ones(()), size))
    return agreed(readings)


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    """Return both bounds. Where rows show one, there may be no other, or its mirror image."""
    lows, highs = _bounds(evidence, 1), _bounds(evidence, -1)
    if lows and highs:
        return [(low, high) for low in lows for high in highs]
    one_sided = [*((low, inf) for low in lows), *((-inf, high) for high in highs)]
    return [*one_sided, *((-abs(x), abs(x)) for x in (*lows, *highs))]


implementation = ParametricFlaw(
    name="gradient-clamped",
    functions=clamped_between(-0.5, 0.5),
    formula=_stated(-0.5, 0.5),
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 1.0),), ((1.0, 0.0),)),
    at=clamped_between,
    stated=_stated,
    fit=_fit,
)
