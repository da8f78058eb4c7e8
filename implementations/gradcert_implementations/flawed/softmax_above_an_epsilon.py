"""Probabilities squeezed into the range from an epsilon to one.

A probability of zero must not come out, and a clamp has no gradient below its bound. So the range
from zero to one is squeezed into the range from a small epsilon to one. Every probability changes a
little, those near zero by many times their size, and together they no longer sum to one. The
gradient takes the squeezed ones.
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
    shares_of,
)

__all__ = ["implementation", "squeezed"]


def squeezed(epsilon: float) -> Mapping[QuantityName, Function]:
    """Return ``epsilon + (1 - epsilon) o_j``, and with it the gradient.

    Examples
    --------
    >>> squeezed(0.5)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.25,  0.75]])
    """

    def softmax(logits: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        return o * (1 - epsilon) + epsilon

    def gradient(logits: Array, targets: Array) -> Array:
        return softmax(logits) - targets

    return {"softmax": softmax, "dE/dz": gradient}


def _stated(epsilon: float) -> str:
    return f"o_j = {epsilon:g} + (1 - {epsilon:g}) softmax(z)_j"


def _read(seen: Seen, shares: Shares) -> Readings:
    return Readings.of(seen, seen.returned - seen.expected, 1 - shares.true, shares.size)


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    shares = [(seen, shares_of(seen)) for seen in evidence]
    found = [_read(seen, shown) for seen, shown in shares if shown is not None]
    return [(epsilon,) for epsilon in agreed(found, low=0, high=1)]


implementation = ParametricFlaw(
    name="softmax-above-an-epsilon",
    functions=squeezed(1e-7),
    formula=_stated(1e-7),
    source="reported in ggml PR 929",
    kind=FlawKind.FORMULA,
    links=("https://github.com/ggml-org/ggml/pull/929",),
    exposed_by=(((32.0, 0.0),), ((1.0, 0.0),)),
    at=squeezed,
    stated=_stated,
    fit=_fit,
)
