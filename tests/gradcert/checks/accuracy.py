"""The values an implementation returns, against the oracle."""

import functools
from math import isfinite

from flint import arb

from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.clock import CLOCK
from gradcert.core.evidence import (
    DIGITS,
    Evidence,
    JudgedRow,
    Refuted,
    decimal,
    floats,
    text,
)
from gradcert_oracle import Judgement, Question, enclose, judge, ulps

__all__ = ["accuracy", "many_classes"]

_GUARD = 100
"""Bits beyond the format's own that a reported true value is known to: thirty digits and more."""


def _overflows(question: Question) -> bool:
    """Whether a true value of the row is too large for the format."""
    if not question.quantity.unbounded:
        return False
    return any(abs(value) > question.format.max for value in enclose(question))


def accuracy(claim: Claim, case: Case) -> list[JudgedRow]:
    """Every value is within two budgets of the true one.

    Predicate: for each row there is a textbook algorithm (see ``gradcert_oracle.budgets``), not
    void on that row, such that every returned value v and true value x have ``|v - x| <= 2 b``,
    with b that algorithm's budget for the value. NaN and infinity are within no budget. If the
    implementation claims a level, the algorithm is of that level or a better one, with any order of
    summation. A row is skipped if its true loss exceeds the format's largest number.
    """
    answer = claim.answer(case)
    allowed = claim.levels
    judged: list[JudgedRow] = []
    for row, question in enumerate(claim.questions(case)):
        values = floats(answer[row])
        with CLOCK.charging("oracle"):
            if _overflows(question):
                continue
            judgement = judge(question, values, allowed)
        if judgement.algorithm is None:
            raise Refuted(functools.partial(_evidence, claim, case, row, judgement, values))
        judged.append(JudgedRow(row, judgement))
    return judged


def many_classes(claim: Claim, case: Case) -> list[JudgedRow]:
    """Every value of a row of thousands of classes is within two budgets of the true one.

    Predicate: that of ``accuracy``. It has its own examples, so that every run tries wide rows. The
    Jacobian is left out, because it has as many entries as the square of the classes.
    """
    return accuracy(claim, case)


@functools.lru_cache(maxsize=16)
def _truth(question: Question) -> tuple[tuple[arb, ...], tuple[str, ...]]:
    """Return the true values of a row, and their text. A diagnosis needs them again and again."""
    truth = enclose(question, _GUARD)
    return truth, tuple(map(decimal, truth))


def _worse_level(claim: Claim, question: Question, values: list[float]) -> str:
    """Return the level that explains the row, worse than the one claimed; empty if none does."""
    if claim.implementation.at_least is None:
        return ""
    with CLOCK.charging("oracle"):
        algorithm = judge(question, values).algorithm
    return "" if algorithm is None else algorithm.level


def _evidence(
    claim: Claim, case: Case, row: int, judgement: Judgement, values: list[float]
) -> Evidence:
    question = claim.question(case, row)
    truth, shown = _truth(question)
    index = judgement.index
    value = values[index]
    name = claim.quantity.name
    statement = f"{name} is {text(value)}; its true value is {decimal(truth[index])}"
    level = _worse_level(claim, question, values)
    if level:
        demanded = claim.levels[-1].level
        statement = f"{name} is explained by {level} at best; at least {demanded} is demanded"
    return Evidence(
        case,
        statement,
        row=row,
        index=index,
        expected=shown,
        returned=tuple(map(text, values)),
        enclosure=truth[index].str(DIGITS),
        ulps=ulps(value, truth[index], claim.format),
        budgets=judgement.used if isfinite(judgement.used) else None,
        level=level,
    )
