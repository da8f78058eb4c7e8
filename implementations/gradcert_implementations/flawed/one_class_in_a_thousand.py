"""Classes at equal distances have lost some digits.

A vectorised loop takes the classes in groups, and the first class of a group is computed in another
way: by a scalar exponential with fewer good digits, or from a table with one bad entry. The answer
is right for all but one class in a thousand, which has five good digits or so. In a row of many
classes a sequential sum in binary32 may lose as much, so the size of the error alone may not
separate the two.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import gcd

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.reading import (
    Readings,
    agreed,
    differs,
    shares_of,
)

__all__ = ["implementation", "wrong_at_every"]


def wrong_at_every(step: float, excess: float) -> Mapping[QuantityName, Function]:
    """Return ``o_j - t_j``, with ``o_j (1 + excess)`` for j = step, 2 step and so on.

    Examples
    --------
    >>> wrong_at_every(2, 0.5)["dE/dz"](np.zeros((1, 4)), np.eye(4)[:1])
    array([[-0.75 ,  0.25 ,  0.375,  0.25 ]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        o[:, int(step) :: int(step)] *= 1 + excess
        return o - targets

    return {"dE/dz": gradient}


def _stated(step: float, excess: float) -> str:
    places = ", ".join(f"{step * factor:g}" for factor in (1, 2))
    return f"o_j = softmax(z)_j (1 + {excess:g}) for j = {places}, ..."


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    """Return the common divisors of the wrong classes, with how far they are off."""
    step = 0
    found = []
    for seen in evidence:
        shares = shares_of(seen)
        wrong = differs(seen)
        if shares is None or wrong[0] or not wrong.any():
            return []
        step = gcd(step, *map(int, wrong.nonzero()[0]))
        excess = (shares.shown - shares.true)[wrong]
        found.append(Readings.of(seen, excess, shares.true[wrong], shares.size[wrong]))
    if step < 2:
        return []
    steps = [s for s in dict.fromkeys([step, step & -step]) if s > 1]
    return [(float(s), excess) for s in steps for excess in agreed(found)]


implementation = ParametricFlaw(
    name="one-class-in-a-thousand",
    functions=wrong_at_every(1024, 1e-5),
    formula=_stated(1024, 1e-5),
    source="made for this suite, to test that it checks every part of the answer",
    kind=FlawKind.PRECISION,
    links=(),
    exposed_by=(
        ((0.0,) + (-np.inf,) * 1023 + (0.0,),),
        ((1.0,) + (0.0,) * 1024,),
    ),
    at=wrong_at_every,
    stated=_stated,
    fit=_fit,
)
