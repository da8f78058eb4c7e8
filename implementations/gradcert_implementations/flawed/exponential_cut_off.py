"""Exponentials of far smaller logits are set to zero.

A logit far below the largest one hardly counts, so its exponential is not computed: a fast
exponential has a range of arguments and returns zero below it, or an integer exponent would run out
of bits. The probability is tiny, but it is the whole gradient of its class, and a class of gradient
zero is never pushed down. A test with an absolute tolerance accepts the answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import inf

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.reading import (
    below_largest,
    differs,
    rounding,
    shares_of,
)
from gradcert_implementations.simple_numbers import simple_between

__all__ = ["cut_off", "implementation"]


def cut_off(depth: float) -> Mapping[QuantityName, Function]:
    """Return softmax and gradient, with zero for ``exp(z_j - m)`` where ``z_j - m < -depth``.

    Examples
    --------
    >>> cut_off(2)["dE/dz"](np.array([[0.0, -3.0]]), np.array([[1.0, 0.0]]))
    array([[0., 0.]])
    """

    def softmax(logits: Array) -> Array:
        shifted = logits - logits.max(axis=-1, keepdims=True)
        powers = np.where(shifted < -depth, 0, np.exp(shifted))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        return o

    def gradient(logits: Array, targets: Array) -> Array:
        return softmax(logits) - targets

    return {"softmax": softmax, "dE/dz": gradient}


def _stated(depth: float) -> str:
    return f"exp(z_j - m) = 0 where z_j - m < -{depth:g}, with m = max z"


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    """Return the simplest depth below which all shares are zero and above which none is."""
    above, below = 0.0, inf
    for seen in evidence:
        shares = shares_of(seen)
        if shares is None:
            return []
        depths = -below_largest(seen)
        lost = differs(seen) & (shares.shown == 0) & (shares.true > 0)
        if lost.any():
            below = min(below, depths[lost].min())
        # What is far below the rounding of a target is not seen.
        above = max(above, depths[(shares.shown > rounding(seen) * shares.size)].max(initial=0))
    if not above < below < inf:
        return []
    # The cut is at or above the first class that is kept, and below the first that is lost.
    simple = simple_between(above, np.nextafter(below, 0))
    return [(depth,) for depth in dict.fromkeys([*simple, above]) if depth > 0]


implementation = ParametricFlaw(
    name="exponential-cut-off",
    functions=cut_off(20),
    formula=_stated(20),
    source="a common slip",
    kind=FlawKind.PRECISION,
    links=(),
    exposed_by=(((21.0, 0.0),), ((1.0, 0.0),)),
    at=cut_off,
    stated=_stated,
    fit=_fit,
)
