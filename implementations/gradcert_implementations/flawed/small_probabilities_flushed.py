"""Small probabilities set to zero.

Somebody wants a sparse answer, or fears the effect of small numbers further on, and sets all
probabilities below a threshold to zero. But one ten-millionth is not small for a vocabulary of a
hundred thousand classes, and a class whose probability is zero is never pushed down. A test with an
absolute tolerance accepts the answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import inf

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.reading import (
    differs,
    rounding,
    shares_of,
)
from gradcert_implementations.simple_numbers import simple_between

__all__ = ["flushed_below", "implementation"]


def flushed_below(threshold: float) -> Mapping[QuantityName, Function]:
    """Return softmax and gradient, with 0 for an ``o_j`` below a threshold.

    Examples
    --------
    >>> flushed_below(1e-7)["softmax"](np.array([[17.0, 0.0]]))
    array([[0.99999996, 0.        ]])
    """

    def softmax(logits: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o = powers / powers.sum(axis=-1, keepdims=True)
        flushed: Array = np.where(o < threshold, 0, o)
        return flushed

    def gradient(logits: Array, targets: Array) -> Array:
        return softmax(logits) - targets

    return {"softmax": softmax, "dE/dz": gradient}


def _stated(threshold: float) -> str:
    return f"o_j = 0 where softmax(z)_j < {threshold:g}"


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    """Return the simplest threshold above what is zero and up to what is not."""
    largest, least = 0.0, inf
    for seen in evidence:
        shares = shares_of(seen)
        if shares is None:
            return []
        lost = differs(seen) & (shares.shown == 0)
        largest = max(largest, shares.true[lost].max(initial=0))
        # What is far below the rounding of a target is not seen.
        kept = shares.shown > 8 * rounding(seen) * shares.size
        least = min(least, shares.true[kept].min(initial=inf))
    if not 0 < largest < least < inf:
        return []
    # A probability is rounded before it is compared, so the ends are no certain bounds.
    thresholds = [*simple_between(largest, least), (largest * least) ** 0.5]
    return [(threshold,) for threshold in thresholds if threshold < 1]


implementation = ParametricFlaw(
    name="small-probabilities-flushed",
    functions=flushed_below(1e-7),
    formula=_stated(1e-7),
    source="a common slip",
    kind=FlawKind.PRECISION,
    links=(),
    exposed_by=(((17.0, 0.0),), ((1.0, 0.0),)),
    at=flushed_below,
    stated=_stated,
    fit=_fit,
)
