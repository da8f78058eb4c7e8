"""Probabilities squeezed into the range from an epsilon to one.

A probability of zero must not come out, and a clamp has no gradient below its bound. So the range
from zero to one is squeezed into the range from a small epsilon to one. Every probability changes a
little, those near zero by many times their size, and together they no longer sum to one. The
loss and the gradient take the squeezed ones.
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
    is_by_class,
    label_of,
    shares_of,
)

__all__ = ["implementation", "squeezed"]


def squeezed(epsilon: float) -> Mapping[QuantityName, Function]:
    """Return ``epsilon + (1 - epsilon) o_j``, and with it the loss and the gradient.

    Examples
    --------
    >>> squeezed(0.5)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.25,  0.75]])
    """

    def softmax(logits: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        return o * (1 - epsilon) + epsilon

    def loss(logits: Array, targets: Array) -> Array:
        surprise = -np.log(np.where(targets == 0, 1, softmax(logits)))
        total: Array = (targets * surprise).sum(axis=-1)
        return total

    def gradient(logits: Array, targets: Array) -> Array:
        return softmax(logits) - targets

    return {"softmax": softmax, "loss": loss, "dE/dz": gradient}


def _stated(epsilon: float) -> str:
    return f"o_j = {epsilon:g} + (1 - {epsilon:g}) softmax(z)_j"


def _shares_of(seen: Seen) -> Shares | None:
    """Return the probabilities that an answer shows; the loss of a one-hot row shows its label's.

    The logarithm makes the absolute error of a loss the relative one of a probability.
    """
    if is_by_class(seen) or label_of(seen) is None:
        return shares_of(seen)
    true, shown = np.exp(-seen.expected), np.exp(-seen.returned)
    return Shares(true, shown, (true + shown) * (1 + abs(seen.returned)))


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    shares = [(seen, _shares_of(seen)) for seen in evidence]
    found = [
        Readings.of(seen, shown.shown - shown.true, 1 - shown.true, shown.size)
        for seen, shown in shares
        if shown is not None
    ]
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
