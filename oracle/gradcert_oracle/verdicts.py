"""Verdicts: the textbook algorithm that explains an error, if any does.

A value is within an algorithm's budget b if its error is *proved* to be at most ``2 b``, and
outside if its error is proved to be more. If the enclosure of the true value decides neither, it is
computed again, narrower. An algorithm explains a row if every value of the row is within its
budget. The verdict names the best algorithm that does. NaN and infinity are within no budget. Of a
row that does not count every value is exactly zero, of either sign, or the row is refuted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from operator import truediv

from flint import arb, ctx

from gradcert_oracle.budgets import budgets
from gradcert_oracle.differences import OracleError
from gradcert_oracle.formats import Format
from gradcert_oracle.precision import GUARD
from gradcert_oracle.questions import Question, enclose
from gradcert_oracle.rows import all_finite, first_places
from gradcert_oracle.textbook import LEVELS, Algorithm, algorithms

__all__ = ["ALLOWED", "FAITHFUL", "Judgement", "judge", "judge_differences", "levels", "ulps"]

ALLOWED = 2
"""The number of budgets that may be used. Two points of one ball are at most two radii apart."""

_DECISIVE = arb(ALLOWED + 2.0**-50)
"""Where the line is drawn. No ball proves that an error of exactly two budgets is within two."""

FAITHFUL = Algorithm("faithful", "pairwise")
"""The best result that any algorithm can have: an error below one ulp, a budget of half an ulp."""


@dataclass(frozen=True)
class Judgement:
    """The verdict on one row.

    Attributes
    ----------
    algorithm
        The best algorithm that explains every value, or None if the row is refuted.
    used
        The largest number of that algorithm's budgets that a value uses. If the row is refuted, it
        is of the algorithm that comes closest, and infinite if all are void or a value is not
        finite.
    index
        The index of that value.
    """

    algorithm: Algorithm | None
    used: float
    index: int


def levels(format: Format, at_least: str | None = None) -> list[Algorithm]:
    """Return all that may explain a value in this format, from the best to the worst.

    Parameters
    ----------
    format
        The format of the values.
    at_least
        The worst level that may explain one; None for any. The order of summation does not count.
        A level that the format does not have stands for the next one that it has: ``wide`` stands
        for ``shifted`` where a format is no narrower than binary32.

    Returns
    -------
    The algorithms: ``faithful`` first, then each level with a pairwise and with a sequential sum.

    Raises
    ------
    ValueError
        For an unknown level.

    Examples
    --------
    >>> from gradcert_oracle import BFLOAT16, BINARY64
    >>> [str(algorithm) for algorithm in levels(BINARY64)][:2]
    ['faithful', 'shifted']
    >>> [str(algorithm) for algorithm in levels(BFLOAT16, "wide")]
    ['faithful', 'wide', 'wide, sequential sum']
    >>> [str(algorithm) for algorithm in levels(BINARY64, "wide")]
    ['faithful', 'shifted', 'shifted, sequential sum']
    """
    every = [FAITHFUL, *algorithms(format)]
    if at_least is None:
        return every
    order = (FAITHFUL.level, *LEVELS)
    if at_least not in order:
        raise ValueError(f"unknown level {at_least!r}; choose from {', '.join(order)}")
    existing = {algorithm.level for algorithm in every}
    worst = next(level for level in order[order.index(at_least) :] if level in existing)
    allowed = order[: order.index(worst) + 1]
    return [algorithm for algorithm in every if algorithm.level in allowed]


def _share(error: arb, budget: arb) -> arb:
    """Return an error in budgets. A value that is ignored has a budget of zero."""
    if budget == 0:
        return arb(0) if error == 0 else arb(inf)
    return error / budget


def _compare(errors: Sequence[arb], allowance: Sequence[arb]) -> tuple[bool | None, float, int]:
    """Return whether all errors are within, or None, the most budgets used, and by which error."""
    shares = list(map(truediv, errors, allowance))
    used = list(map(float, shares))
    if not all_finite(used):  # A budget is zero.
        shares = list(map(_share, errors, allowance))
        used = list(map(float, shares))
    index = max(range(len(used)), key=used.__getitem__)
    within: bool | None = all(map(_DECISIVE.__ge__, shares))
    if not within and not any(map(_DECISIVE.__lt__, shares)):
        within = None
    return within, used[index], index


def judge_differences(
    errors: Sequence[arb],
    allowances: Callable[[Algorithm], Sequence[arb] | None],
    candidates: Sequence[Algorithm],
) -> Judgement | None:
    """Return the first candidate whose allowances cover all errors, or None if that is undecided.

    Parameters
    ----------
    errors
        Absolute errors, as balls. There is at least one.
    allowances
        Maps an algorithm to one budget for each error, or to None where the algorithm is void.
    candidates
        The algorithms to try, from the best to the worst.

    Returns
    -------
    The candidate with the most budgets that an error uses. Its algorithm is None if no candidate
    covers the errors. None in place of all this if balls are too wide to decide.

    Examples
    --------
    >>> shifted = Algorithm("shifted", "pairwise")
    >>> judge_differences([arb(3)], lambda _: [arb(2)], [shifted]).used
    1.5
    >>> judge_differences([arb(5)], lambda _: [arb(2)], [shifted]).algorithm is None
    True
    """
    closest = Judgement(None, inf, 0)
    for index, error in enumerate(errors):
        if not error.is_finite():
            return Judgement(None, inf, index)
    for algorithm in candidates:
        allowance = allowances(algorithm)
        if allowance is None:
            continue
        within, used, index = _compare(errors, allowance)
        if within:
            return Judgement(algorithm, used, index)
        if algorithm is FAITHFUL and len(candidates) > 1:
            continue
        # An error of exactly one ulp is never decided, and it is not below one ulp.
        if within is None and algorithm is not FAITHFUL:
            return None
        if used < closest.used:
            closest = Judgement(None, used, index)
    return closest


def _unlike_places(question: Question, values: Sequence[float]) -> Sequence[int]:
    """Return the classes to judge: equal values of equal classes are judged once."""
    if list(map(values.__getitem__, question.equal)) == list(values):
        return question.kinds
    return list(dict.fromkeys(first_places(zip(question.equal, values, strict=True))))


def judge(
    question: Question, values: Sequence[float], candidates: Sequence[Algorithm] | None = None
) -> Judgement:
    """Judge the values that an implementation returned for one row.

    Parameters
    ----------
    question
        The quantity, the row and the format.
    values
        The returned values, row-major.
    candidates
        The algorithms that may explain them, from the best to the worst. By default these are all
        :func:`levels` of the format.

    Returns
    -------
    The best algorithm that explains all values, None if there is none, and the budgets used.

    Raises
    ------
    ValueError
        If the row is not in the quantity's domain.
    OracleError
        If the verdict is undecided for even the narrowest enclosure.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64, question
    >>> asked = question("dE/dz", (0.0, 0.0), (1.0, 0.0), format=BINARY64)
    >>> judge(asked, (-0.5, 0.5)).algorithm.level
    'faithful'
    >>> judge(asked, (-0.5, 0.0)).algorithm is None
    True
    """
    if not all_finite(values):
        return Judgement(None, inf, [isfinite(value) for value in values].index(False))
    format = question.format
    tried = levels(format) if candidates is None else candidates
    if not question.share.kept:
        wrong = [index for index, value in enumerate(values) if value]
        return Judgement(None, inf, wrong[0]) if wrong else Judgement(tried[0], 0.0, 0)
    places: Sequence[int] = range(len(values))
    if question.quantity.pooled:
        places = _unlike_places(question, values)
    for guard in (GUARD, 8 * GUARD, 64 * GUARD):
        truth = enclose(question, guard)

        def allowances(algorithm: Algorithm, truth: Sequence[arb] = truth) -> Sequence[arb] | None:
            if algorithm is FAITHFUL:
                return [format.ulp(truth[j]) / 2 for j in places]
            bounds = budgets(question, algorithm)
            return bounds and [bounds[j] for j in places]

        with ctx.workprec(format.precision + guard + 64):
            errors = [abs(values[j] - truth[j]) for j in places]
            verdict = judge_differences(errors, allowances, tried)
        if verdict is not None:
            return Judgement(verdict.algorithm, verdict.used, places[verdict.index])
    raise OracleError(f"{question}: the error is too near the budget to decide")


def ulps(value: float, truth: arb, format: Format) -> float | None:
    """Return the error of `value` in units in the last place, or None if the truth may be zero.

    The unit is that of the number of the format nearest to the true value. The ball around a true
    value of 1/2 also contains numbers just below, whose unit is half as large; see
    :meth:`Format.ulp`. They are nearest to 1/2 and count as 1/2.

    Parameters
    ----------
    value
        The number that an implementation returned.
    truth
        A ball around the true value.
    format
        The format of the number.

    Returns
    -------
    The size of the error, without a sign. None too if `value` is NaN or infinite.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64
    >>> ulps(1.0 + 2**-52, arb(1), BINARY64), ulps(1.0 + 2**-52, arb(1, 2**-70), BINARY64)
    (1.0, 1.0)
    """
    if truth.contains(0) or not isfinite(value):
        return None
    with ctx.workprec(format.precision + 64):
        middle = abs(truth.mid())
        nearest = middle + format.ulp(middle) / 2  # It reaches 2**k if the nearest number is 2**k.
        return float(abs(value - truth).mid() / format.ulp(nearest))
