"""Verdicts: which textbook algorithm explains an error, if any.

A value is within an algorithm's budget b when its error is *proved* to be at most ``2 b``, and
outside when it is proved to be more; where the enclosure of the truth decides neither, it is
computed again, narrower. An algorithm explains a row when every value of the row is within its
budget; the verdict names the best one that does. NaN and infinity are within no budget.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite

from flint import arb, ctx

from gradcert_oracle.budgets import budgets
from gradcert_oracle.differences import OracleError
from gradcert_oracle.formats import Format
from gradcert_oracle.precision import GUARD, Row, first_places
from gradcert_oracle.quantities import QUANTITIES
from gradcert_oracle.textbook import Algorithm, algorithms

__all__ = ["ALLOWED", "FAITHFUL", "Judgement", "explain", "judge", "rungs", "ulps"]

ALLOWED = 2
"""Budgets that may be used: two points of one ball are at most two radii apart."""

_DECISIVE = arb(ALLOWED + 2.0**-50)
"""Where the line is drawn: an error of exactly two budgets could not be told from more."""

FAITHFUL = Algorithm("faithful", "pairwise")
"""The best possible result of any algorithm: an error below one ulp, a budget of half an ulp."""


@dataclass(frozen=True)
class Judgement:
    """The verdict on one row.

    Attributes
    ----------
    algorithm
        The best algorithm that explains every value, or None: the row is refuted.
    used
        The most budgets used, of that algorithm; if refuted, of the one that comes closest, and
        infinity where every one is void or a value is not finite.
    index
        The value that used them.
    """

    algorithm: Algorithm | None
    used: float
    index: int


def rungs(format: Format) -> list[Algorithm]:
    """Return what may explain a value in this format, from the best to the worst."""
    return [FAITHFUL, *algorithms(format)]


def _use(errors: Sequence[arb], allowance: Sequence[arb]) -> tuple[bool | None, float, int]:
    """Return (within, most budgets used, where); within is None where it is undecided."""
    shares = [error / budget for error, budget in zip(errors, allowance, strict=True)]
    used = list(map(float, shares))
    index = max(range(len(used)), key=used.__getitem__)
    within: bool | None = all(map(_DECISIVE.__ge__, shares))
    if not within and not any(map(_DECISIVE.__lt__, shares)):
        within = None
    return within, used[index], index


def explain(
    errors: Sequence[arb],
    allowances: Callable[[Algorithm], Sequence[arb] | None],
    candidates: Sequence[Algorithm],
) -> Judgement | None:
    """Find the first candidate whose allowances cover all errors; None where that is undecided.

    Parameters
    ----------
    errors
        Absolute errors, balls; not empty.
    allowances
        Maps an algorithm to one budget an error, or to None where it is void.
    candidates
        From the best to the worst.

    Examples
    --------
    >>> shifted = Algorithm("shifted", "pairwise")
    >>> explain([arb(3)], lambda _: [arb(2)], [shifted]).used
    1.5
    >>> explain([arb(5)], lambda _: [arb(2)], [shifted]).algorithm is None
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
        within, used, index = _use(errors, allowance)
        if within:
            return Judgement(algorithm, used, index)
        if algorithm is FAITHFUL:
            continue  # An error of exactly one ulp stays undecided; it is not below one ulp.
        if within is None:
            return None
        if used < closest.used:
            closest = Judgement(None, used, index)
    return closest


def judge(quantity: str, first: Row, t: Row, format: Format, values: Sequence[float]) -> Judgement:
    """Judge the values an implementation returned for one row.

    Parameters
    ----------
    quantity
        ``softmax``, ``loss``, ``dE/do``, ``do/dz`` or ``dE/dz``.
    first
        The row of logits, or of probabilities for dE/do.
    t
        The row of targets; ``()`` for softmax and its Jacobian.
    values
        What was returned, row-major.

    Raises
    ------
    OracleError
        Where the verdict stays undecided however narrow the enclosure.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64
    >>> judge("dE/dz", (0.0, 0.0), (1.0, 0.0), BINARY64, (-0.5, 0.5)).algorithm.level
    'faithful'
    >>> judge("dE/dz", (0.0, 0.0), (1.0, 0.0), BINARY64, (-0.5, 0.0)).algorithm is None
    True
    """
    for index, value in enumerate(values):
        if not isfinite(value):
            return Judgement(None, inf, index)
    places = list(range(len(values)))
    if quantity not in ("loss", "do/dz"):  # Equal values of equal classes are judged once.
        places = list(dict.fromkeys(first_places(zip(first, t or first, values, strict=True))))
    for guard in (GUARD, 8 * GUARD, 64 * GUARD):
        truth = QUANTITIES[quantity](first, t, format, guard)

        def allowances(algorithm: Algorithm, truth: Sequence[arb] = truth) -> Sequence[arb] | None:
            if algorithm is FAITHFUL:
                return [format.ulp(truth[j]) / 2 for j in places]
            found = budgets(quantity, first, t, format, algorithm)
            return found and [found[j] for j in places]

        with ctx.workprec(format.precision + guard + 64):
            errors = [abs(values[j] - truth[j]) for j in places]
            verdict = explain(errors, allowances, rungs(format))
        if verdict is not None:
            return replace(verdict, index=places[verdict.index])
    raise OracleError(f"{quantity} of {first}, {t}: the error stays too near the budget to decide")


def ulps(value: float, truth: arb, format: Format) -> float | None:
    """Return the error of `value` in units in the last place; None where the truth may be zero.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64
    >>> ulps(1.0 + 2**-52, arb(1), BINARY64)
    1.0
    """
    if truth.contains(0) or not isfinite(value):
        return None
    with ctx.workprec(format.precision + 64):
        return float(abs(value - truth).mid() / format.ulp(truth))
