"""Two orders of summation of balls, each with the sums that leave one term out; one of floats.

The sum of terms of both signs may be smaller than the terms. Then what a run rounds depends on the
order, and the ball of one order does not show what another order loses: ``(1 - 1) + 2**-30`` is
exact, ``(1 + 2**-30) - 1`` is not. A sum in any order rounds numbers that are no larger than the
sums of the sizes. So :func:`of_both_signs` widens the ball to that of the sum of the sizes.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from math import fsum, inf
from operator import add

from flint import arb

__all__ = [
    "SUMMATIONS",
    "Summation",
    "Sums",
    "float_sum",
    "of_both_signs",
    "of_equal_terms",
    "pairwise",
    "sequential",
]

Sums = tuple[arb, list[arb]]
"""The sum of all terms, and for some of the terms the sum of all others."""

Summation = Callable[[Sequence[arb], Sequence[int]], Sums]
"""Takes the terms, and the indices of those for which the sum of all others is wanted."""


def pairwise(terms: Sequence[arb], places: Sequence[int] = ()) -> Sums:
    """Add neighbours, then neighbouring sums, and so on. The depth is ``ceil(log2(n))``.

    The sums of the others are computed down the same tree: the others of a node are the others of
    its parent and its sibling. No term is ever subtracted, so nothing cancels. The sum of the
    others of a dominant term is as accurate, relative to its own size, as the sum of all.

    Examples
    --------
    >>> total, others = pairwise([arb(1), arb(2), arb(4)], range(3))
    >>> float(total), [float(x) for x in others]
    (7.0, [6.0, 5.0, 3.0])
    """
    level, wanted = list(terms), [set(places)]
    beside: list[dict[int, arb]] = []  # Of the tree no more is kept than the others need.
    while len(level) > 1:
        beside.append({i: level[i ^ 1] for i in wanted[-1] if i ^ 1 < len(level)})
        wanted.append({i // 2 for i in wanted[-1]})
        each = iter(level)
        level = [*map(add, each, each), *level[len(level) & ~1 :]]
    others = {0: arb(0)}
    for nodes, sums in zip(wanted[-2::-1], reversed(beside), strict=True):
        others = {i: others[i // 2] + sums[i] if i in sums else others[i // 2] for i in nodes}
    return level[0], [others[i] for i in places]


def sequential(terms: Sequence[arb], places: Sequence[int] = ()) -> Sums:
    """Add one term after the other, the largest first. The depth is ``n - 1``.

    A loop may add the classes in any order. Each addition loses at most one rounding of the sum so
    far. For terms of one sign that sum is largest in this order, so the result covers every order,
    except where a sum in this order is exact and its ball is not widened; see
    :func:`of_equal_terms`.

    Examples
    --------
    >>> total, others = sequential([arb(1), arb(2), arb(4)], range(3))
    >>> float(total), [float(x) for x in others]
    (7.0, [6.0, 5.0, 3.0])
    """
    sizes = list(map(abs, map(float, terms)))
    order = sorted(range(len(terms)), key=sizes.__getitem__, reverse=True)
    ordered = [terms[i] for i in order]
    before = list(accumulate(ordered, initial=arb(0)))
    if not places:
        return before[-1], []
    after = list(accumulate(reversed(ordered), initial=arb(0)))
    rank = dict(zip(order, range(len(order)), strict=True))
    return before[-1], [before[rank[i]] + after[-2 - rank[i]] for i in places]


def _no_narrower(ball: arb, other: arb) -> arb:
    return arb(ball.mid(), max(ball.rad(), other.rad()))


def of_both_signs(
    summation: Summation, terms: Sequence[arb], places: Sequence[int] = ()
) -> tuple[Sums, Sums]:
    """Return the sums of terms of both signs, and the sums of their sizes.

    The radius of each sum is at least that of the sum of the sizes.

    Examples
    --------
    >>> from flint import ctx
    >>> with ctx.workprec(24):
    ...     (total, _), (sizes, _) = of_both_signs(pairwise, [arb(1), arb(-1), arb(2) ** -30])
    >>> float(total) == 2**-30, float(sizes), total.rad() >= sizes.rad() > 0
    (True, 2.0, True)
    """
    total, others = summation(terms, places)
    sizes, others_sizes = summation(list(map(abs, terms)), places)
    widened = list(map(_no_narrower, others, others_sizes))
    return (_no_narrower(total, sizes), widened), (sizes, others_sizes)


def of_equal_terms(
    summation: Summation,
    values: Sequence[arb],
    of_each: Callable[[list[arb]], list[arb]] = list,
) -> arb:
    """Return a sum whose ball is no narrower than that of a sum of unlike terms of these sizes.

    The terms are what `of_each` makes of the values: a row of many classes may have few values.

    A sum of ones is exact, and its ball is not widened. A run that shifts by another number than
    the maximum adds as many equal powers that are no such numbers, and rounds every sum. A third of
    each term is no such number either.

    Examples
    --------
    >>> from flint import ctx
    >>> with ctx.workprec(24):
    ...     ones = [arb(1)] * 1000
    ...     exact, widened = sequential(ones)[0], of_equal_terms(sequential, ones)
    >>> float(exact.rad()), 400 < float(widened.rad()) * 2**24 / 1000 < 1100
    (0.0, True)
    >>> with ctx.workprec(24):  # Twice a number is exact.
    ...     float(of_equal_terms(sequential, [arb(1)] * 2).rad())
    0.0
    """
    third = arb(1) / 3
    unlike, _ = summation(of_each([arb((value * third).mid()) for value in values]), ())
    total, _ = summation(of_each(list(values)), ())
    return _no_narrower(total, arb(0, 3 * unlike.rad()))


SUMMATIONS: dict[str, Summation] = {"pairwise": pairwise, "sequential": sequential}
"""The orders of summation that may explain an error."""


def float_sum(terms: Iterable[float]) -> float:
    """Return the sum of floats, rounded once, or infinity if it is too large for binary64.

    Examples
    --------
    >>> float_sum([1e16, 1.0, -1e16]), float_sum([1e308, 1e308]), float_sum([float("inf"), 1.0])
    (1.0, inf, inf)
    """
    try:
        return fsum(terms)
    except (OverflowError, ValueError):
        return inf
