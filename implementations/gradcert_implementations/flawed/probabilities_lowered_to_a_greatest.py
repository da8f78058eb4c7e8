"""Probabilities lowered to a greatest one before the target is subtracted.

A probability of one looks dangerous: the logarithm of one minus it is infinite. So it is held below
one right after the softmax, by a little, or by a lot so that no row is ever certain. The gradient
takes the lowered ones. A label is then pushed up for ever, and a wrong class that dominates is
pushed down too little. Rows without a dominating class are right.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.reading import (
    Readings,
    Shares,
    agreed,
    differs,
    shares_of,
)

__all__ = ["implementation", "lowered"]


def lowered(most: float) -> Mapping[QuantityName, Function]:
    """Return ``min(o_j, most)``, and with it the gradient.

    Examples
    --------
    >>> lowered(0.875)["dE/dz"](np.array([[0.0, -np.inf]]), np.array([[1.0, 0.0]]))
    array([[-0.125,  0.   ]])
    """

    def softmax(logits: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o = powers / powers.sum(axis=-1, keepdims=True)
        kept: Array = np.minimum(o, o.dtype.type(most))
        return kept

    def gradient(logits: Array, targets: Array) -> Array:
        return softmax(logits) - targets

    return {"softmax": softmax, "dE/dz": gradient}


def _stated(most: float) -> str:
    return f"o_j = min(softmax(z)_j, {most:g})"


def _read(seen: Seen, shares: Shares) -> Readings:
    wrong = differs(seen)
    return Readings.of(seen, shares.shown[wrong], np.ones(()), shares.size[wrong])


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    shares = [(seen, shares_of(seen)) for seen in evidence]
    found = [_read(seen, shown) for seen, shown in shares if shown is not None]
    if any((seen.returned > seen.expected)[differs(seen)].any() for seen in evidence):
        return []
    return [(most,) for most in agreed(found, low=0, high=1)]


implementation = ParametricFlaw(
    name="probabilities-lowered-to-a-greatest",
    functions=lowered(0.9),
    formula=_stated(0.9),
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((4.0, 0.0),), ((1.0, 0.0),)),
    at=lowered,
    stated=_stated,
    fit=_fit,
)
