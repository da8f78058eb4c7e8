"""Probabilities raised to a least one before the target is subtracted.

A probability of zero looks dangerous, because somebody will take its logarithm or divide by it. So
it is raised to a small least one, right after the softmax. The gradient takes the raised ones.
Every class that should have no gradient to speak of gets a constant one. In a vocabulary of a
hundred thousand classes these add up to more than the rest of the row.
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

__all__ = ["implementation", "raised"]


def raised(least: float) -> Mapping[QuantityName, Function]:
    """Return ``max(o_j, least)``, and with it the gradient.

    Examples
    --------
    >>> raised(0.125)["dE/dz"](np.array([[0.0, -50.0]]), np.array([[1.0, 0.0]]))
    array([[0.   , 0.125]])
    """

    def softmax(logits: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o = powers / powers.sum(axis=-1, keepdims=True)
        kept: Array = np.maximum(o, o.dtype.type(least))
        return kept

    def gradient(logits: Array, targets: Array) -> Array:
        return softmax(logits) - targets

    return {"softmax": softmax, "dE/dz": gradient}


def _stated(least: float) -> str:
    return f"o_j = max(softmax(z)_j, {least:g})"


def _read(seen: Seen, shares: Shares) -> Readings:
    wrong = differs(seen)
    return Readings.of(seen, shares.shown[wrong], np.ones(()), shares.size[wrong])


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    shares = [(seen, shares_of(seen)) for seen in evidence]
    found = [_read(seen, shown) for seen, shown in shares if shown is not None]
    if any((seen.returned < seen.expected)[differs(seen)].any() for seen in evidence):
        return []
    return [(least,) for least in agreed(found, low=0, high=1)]


implementation = ParametricFlaw(
    name="probabilities-raised-to-a-least",
    functions=raised(1e-7),
    formula=_stated(1e-7),
    source="a common slip",
    kind=FlawKind.PRECISION,
    links=(),
    exposed_by=(((32.0, 0.0),), ((1.0, 0.0),)),
    at=raised,
    stated=_stated,
    fit=_fit,
)
