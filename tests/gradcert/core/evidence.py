"""What refutes a claim, and how checks judge the difference of two answers."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Literal

import numpy as np
from flint import arb, ctx

from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.clock import CLOCK
from gradcert_implementations import Array
from gradcert_oracle import Algorithm, Judgement, OracleError, algorithms, judge_differences

__all__ = [
    "DIGITS",
    "IN_PROSE",
    "AcceptedRows",
    "ChangedRow",
    "Evidence",
    "JudgedRow",
    "Refuted",
    "decimal",
    "errors",
    "floats",
    "judge_exactly",
    "text",
]


@dataclass(frozen=True)
class JudgedRow:
    """How one row of a case is explained.

    Attributes
    ----------
    row
        Its number in the case.
    judgement
        The level that explains it, and the budgets used.
    """

    row: int
    judgement: Judgement


@dataclass(frozen=True, eq=False)
class AcceptedRows:
    """Rows of a case that a screen accepted and the oracle has not judged.

    Attributes
    ----------
    rows
        Their numbers in the case.
    ranks, used
        For each of them the worst level that the oracle may find, by its place in
        ``levels(format)``, and the most budgets used on it.
    judge
        Judges a row.
    explains
        Returns whether an algorithm explains a row.
    """

    rows: Array
    ranks: Array
    used: Array
    judge: Callable[[int], Judgement]
    explains: Callable[[int, Algorithm], bool]


@dataclass(frozen=True)
class ChangedRow:
    """The first row of an argument that a call changed, before and after it."""

    argument: str
    row: int
    before: Sequence[float]
    after: Sequence[float]


@dataclass(frozen=True)
class Evidence:
    """Why a case refutes a claim.

    Attributes
    ----------
    case
        The refuting case.
    statement
        What is wrong, in one sentence.
    row, index
        Where: the row, and the value in it (row-major), if the fault is at one value.
    returned, expected
        The values of the row's answer, and those they were compared with, as text.
    expected_is
        ``true`` values, or those of another answer of the implementation, ``other``.
    enclosure
        The true value at `index` as a ball, where there is one.
    ulps, budgets
        The size of the error; None where it has none: a true value of zero has no ulp, a row on
        which every algorithm is void has no budget, a changed input has neither. The budgets are
        those of the closest algorithm that the claim allows.
    changed
        What the call changed in an argument; None if nothing.
    allowed
        The largest error of the value at `index` that a right implementation may have, or the
        largest difference of its two answers there.
    level
        The level that explains the row, where a better one is claimed; empty if none explains it.
    second_backward
        Whether the values are those of a second backward of the same graph.
    no_answer
        Whether the last call raises, or returns what is no answer.
    shown_by
        Python expressions to print, with ``f`` the implementation's function, ``args`` the case's
        arguments and ``np`` numpy. If `expected` is another answer, the first and the last are the
        two answers.
    """

    case: Case
    statement: str
    row: int = 0
    index: int | None = None
    returned: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()
    expected_is: Literal["true", "other"] = "true"
    enclosure: str = ""
    ulps: float | None = None
    budgets: float | None = None
    changed: ChangedRow | None = None
    allowed: float | None = None
    level: str = ""
    second_backward: bool = False
    no_answer: bool = False
    shown_by: tuple[str, ...] = ("f(*args)",)


class Refuted(AssertionError):
    """A check refutes a claim; `evidence` says why.

    `evidence` may be a function that makes it. Most refuting cases are steps on the way to a
    smaller one, and nobody reads their evidence.
    """

    def __init__(self, evidence: Evidence | Callable[[], Evidence]) -> None:
        super().__init__()
        self._given = evidence

    @functools.cached_property
    def evidence(self) -> Evidence:
        """Why the case refutes the claim."""
        return self._given() if callable(self._given) else self._given

    def __str__(self) -> str:
        return self.evidence.statement


DIGITS = 30
"""Proved digits that a report shows of a true value."""


IN_PROSE = 17
"""Digits of a true value in a sentence: as many as tell the numbers of binary64 apart."""


def decimal(truth: arb, digits: int = DIGITS) -> str:
    """Return the truth to this number of proved digits; zero where it is too small to differ."""
    if truth.contains(0):
        return "0"
    shown = truth.str(digits, radius=False)
    return shown if "e" in shown else shown.rstrip("0").rstrip(".")


def floats(answer: Array) -> list[float]:
    """Return the values of an answer, or of one row of it, row-major."""
    values: list[float] = np.asarray(answer).astype(np.float64).ravel().tolist()
    return values


def errors(ours: Sequence[float], theirs: Sequence[float]) -> list[arb]:
    """Return the exact differences of two answers, value by value.

    Zero for equal infinities and for two NaNs, NaN where only one is not finite.
    """
    with ctx.workprec(128):
        return [
            arb(0) if a == b or (isnan(a) and isnan(b)) else abs(arb(a) - b)
            for a, b in zip(ours, theirs, strict=True)
        ]


@CLOCK.charging("oracle")
def judge_exactly(
    claim: Claim,
    differences: Sequence[arb],
    allowances: Callable[[Algorithm], Sequence[arb] | None],
) -> Judgement:
    """Judge differences of returned values, which are exact, so that every verdict is decided.

    Parameters
    ----------
    claim
        The levels of its format are tried, from the best to the worst.
    differences
        As :func:`errors` returns them.
    allowances
        One budget for each difference, by level; None where the level is void.
    """
    with ctx.workprec(128):
        judgement = judge_differences(differences, allowances, algorithms(claim.format))
    if judgement is None:
        raise OracleError("an exact difference was neither within its budget nor outside")
    return judgement


def text(value: float) -> str:
    """Return the shortest decimal that reads back as the same number."""
    return repr(float(value))
