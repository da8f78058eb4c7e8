"""A small constant in the denominator of softmax.

People fear that the denominator is zero and add a constant to it out of habit. After the shift by
the largest logit one of the exponentials is one, so the denominator cannot be zero. With the
constant every probability is too small by one part in ten million, and the probabilities no longer
sum to one. In binary32 that is no larger than a rounding error. In binary64 it costs nine digits.
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
    below_largest,
    shares_of,
)

__all__ = ["implementation", "with_constant"]


def with_constant(epsilon: float) -> Mapping[QuantityName, Function]:
    """Return ``exp(z_j - m) / (sum_k exp(z_k - m) + epsilon)``, m = max z, and its gradient.

    Examples
    --------
    >>> with_constant(2)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.75,  0.25]])
    """

    def softmax(logits: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o: Array = powers / (powers.sum(axis=-1, keepdims=True) + epsilon)
        return o

    def gradient(logits: Array, targets: Array) -> Array:
        return softmax(logits) - targets

    return {"dE/dz": gradient, "softmax": softmax}


def _stated(epsilon: float) -> str:
    return f"o_j = exp(z_j - m) / (sum_k exp(z_k - m) + {epsilon:g})"


def _read(seen: Seen, shares: Shares) -> Readings:
    # The returned share is shown = o S / (S + epsilon), so epsilon = (o - shown) S / shown.
    total = np.exp(below_largest(seen)).sum()
    missing = (shares.true - shares.shown) * total
    return Readings.of(seen, missing, shares.shown, shares.size * total)


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    shares = [(seen, shares_of(seen)) for seen in evidence]
    found = [_read(seen, shown) for seen, shown in shares if shown is not None]
    return [(epsilon,) for epsilon in agreed(found, low=0)]


implementation = ParametricFlaw(
    name="epsilon-in-the-denominator",
    functions=with_constant(1e-7),
    formula=_stated(1e-7),
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
    at=with_constant,
    stated=_stated,
    fit=_fit,
)
