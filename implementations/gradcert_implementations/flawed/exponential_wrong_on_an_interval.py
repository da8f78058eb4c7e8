"""The exponential is off by a factor on one interval.

A fast exponential splits its argument and looks one part up in a table, or takes a polynomial for
each interval. One entry or one polynomial is wrong. All arguments in the interval come out too
large or too small by one factor, and all others are right. A test with random logits meets the
interval seldom, and its error is then shared by the whole row through the sum.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil, floor, inf

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.reading import (
    Shares,
    below_largest,
    rounding,
    shares_of,
)
from gradcert_implementations.simple_numbers import simple_near, simplest_between

__all__ = ["implementation", "wrong_on"]


def wrong_on(low: float, high: float, factor: float) -> Mapping[QuantityName, Function]:
    """Return softmax and gradient, with ``factor exp(d)`` for exp(d) where ``low <= d < high``.

    Examples
    --------
    >>> wrong_on(-2, -1, 3)["softmax"](np.array([[0.0, -np.log(3)]]))
    array([[0.5, 0.5]])
    """

    def softmax(logits: Array) -> Array:
        shifted = logits - logits.max(axis=-1, keepdims=True)
        powers = np.exp(shifted)
        powers = np.where((low <= shifted) & (shifted < high), powers * factor, powers)
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        return o

    def gradient(logits: Array, targets: Array) -> Array:
        return softmax(logits) - targets

    return {"softmax": softmax, "dE/dz": gradient}


def _stated(low: float, high: float, factor: float) -> str:
    return f"{factor:g} exp(d) in place of exp(d) for {low:g} <= d < {high:g}, d = z_j - max z"


def _simple_from(first: float, end: float) -> list[float]:
    """Return simple numbers in [first, end), and the first."""
    last = float(np.nextafter(end, -inf))
    simple = simplest_between(float(np.nextafter(first, -inf)), last)
    whole = [float(x) for x in (ceil(first), floor(last)) if first <= x <= last]
    return list(dict.fromkeys([simple, *whole, float(first)]))


def _read(seen: Seen, shares: Shares) -> tuple[Array, Array, Array]:
    """Return the depths below the largest logit, the relative exponentials, and their errors."""
    depths = -below_largest(seen)
    clear = (shares.true > 0) & (shares.shown > 0)
    clear &= shares.size * rounding(seen) < shares.true / 64
    # The class that is nearest to the largest logit, of those that show.
    top = int(np.where(clear, depths, inf).argmin())
    if not clear[top]:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    with np.errstate(all="ignore"):
        quotient = shares.shown / shares.true
        relative = shares.size / shares.true
        # A right algorithm may round the depth, too.
        error = 2 * rounding(seen) * (relative + relative[top] + depths)
    return depths[clear], (quotient / quotient[top])[clear], error[clear]


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    """Return simple intervals that hold the wrong depths and no right one."""
    shares = [(seen, shares_of(seen)) for seen in evidence]
    read = [_read(seen, shown) for seen, shown in shares if shown is not None]
    if not read:
        return []
    depths, factors, errors = (np.concatenate(part) for part in zip(*read, strict=True))
    wrong = abs(factors - 1) > errors * (1 + factors)
    if not wrong.any():
        return []
    first, last = depths[wrong].min(), depths[wrong].max()
    right = depths[~wrong]
    if ((first <= right) & (right <= last)).any():
        return []
    before = right[right < first].max(initial=0.0)
    after = right[right > last].min(initial=last + 1)
    best = int(np.argmin(np.where(wrong, errors, inf)))
    near = simple_near(float(factors[best]), float(errors[best] * (1 + factors[best])))
    # The interval ends below the largest logit at a depth in [before, first), and begins at one in
    # [last, after). After the simplest bounds come those that hold no depth that was not seen.
    ends = [*_simple_from(before, first), float(np.nextafter(first, -inf))]
    begins = _simple_from(last, after)
    bounds = [(begins[0], ends[0]), (last, ends[-1]), *((x, y) for x in begins for y in ends)]
    return [(-low, -high, factor) for low, high in bounds for factor in near][:40]


implementation = ParametricFlaw(
    name="exponential-wrong-on-an-interval",
    functions=wrong_on(-2, -1, 1.01),
    formula=_stated(-2, -1, 1.01),
    source="made for this suite, after bad entries in tables",
    kind=FlawKind.PRECISION,
    links=(),
    exposed_by=(((1.5, 0.0),), ((1.0, 0.0),)),
    at=wrong_on,
    stated=_stated,
    fit=_fit,
)
