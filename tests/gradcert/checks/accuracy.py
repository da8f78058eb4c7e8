"""The values an implementation returns, against the oracle."""

import functools
from dataclasses import replace
from math import isfinite

import numpy as np
from flint import arb

from gradcert.checks.nothing_kept import require_nothing
from gradcert.checks.screening import ONE_IN, drawn_sample, screened
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.clock import CLOCK
from gradcert.core.evidence import (
    DIGITS,
    IN_PROSE,
    AcceptedRows,
    Evidence,
    JudgedRow,
    Refuted,
    decimal,
    floats,
    text,
)
from gradcert.core.shares import counted
from gradcert.core.unlike import unlike_rows
from gradcert_implementations import Array
from gradcert_oracle import (
    ALLOWED,
    FAITHFUL,
    Algorithm,
    Judgement,
    Question,
    ScreenError,
    budgets,
    enclose,
    judge,
    ulps,
)

__all__ = ["accuracy", "judged_rows", "many_classes"]

_GUARD = 100
"""Bits beyond the format's own that a reported true value is known to: thirty digits and more."""


def _overflows(question: Question) -> bool:
    """Whether a true value is too large for the format, or the sum of the sizes of its terms is."""
    quantity = question.quantity
    if not quantity.unbounded:
        return False
    if quantity.reduces:
        parts = [_sizes_of(part) for part in question.parts]
        return sum(abs(enclose(part)[0]) for part in parts) > question.format.max
    return any(abs(value) > question.format.max for value in enclose(_sizes_of(question)))


def _sizes_of(question: Question) -> Question:
    """Return the question with the sizes of the targets for targets, so that no terms cancel."""
    quantity = question.quantity
    named = zip(quantity.arguments, question.rows, strict=True)
    rows = tuple(tuple(map(abs, row)) if name == "targets" else row for name, row in named)
    return replace(question, rows=rows)


def _judge_accepted(claim: Claim, case: Case, answer: Array, row: int) -> Judgement:
    """Judge a row that the screen accepted.

    Raises
    ------
    ScreenError
        If the oracle refutes it. That is a fault of gradcert's own.
    """
    question = claim.question(case, row)
    with CLOCK.charging("oracle"):
        judgement = judge(question, floats(answer[row]), claim.levels)
    if judgement.algorithm is None:
        raise ScreenError(f"the screen accepted {floats(answer[row])} for {question}")
    return judgement


@CLOCK.charging("oracle")
def _explains(claim: Claim, case: Case, answer: Array, row: int, algorithm: Algorithm) -> bool:
    """Return whether an algorithm explains a row, whatever a better one would do."""
    judgement = judge(claim.question(case, row), floats(answer[row]), [algorithm])
    return judgement.algorithm is not None


def accuracy(claim: Claim, case: Case) -> list[JudgedRow | AcceptedRows]:
    """Every value is within two budgets of the true one.

    Predicate: for each row there is a textbook algorithm (see ``gradcert_oracle.budgets``), not
    void on that row, such that every returned value v and true value x have ``|v - x| <= 2 b``,
    with b that algorithm's budget for the value. NaN and infinity are within no budget. If the
    implementation claims a level, the algorithm is of that level or a better one, with any order of
    summation. A row of a quantity without a bound (loss, dE/do, log-softmax, dE/dt) is skipped,
    with all its values, if the size of one true value exceeds the format's largest number. So is a
    loss if the sizes of its terms add up to more than that.

    Of rows with equal arguments and equal answers the first is examined, and stands for all. A
    batch is screened first; see ``gradcert_oracle.acceptance``. What the screen accepts is within
    the predicate, also where a level is claimed. A sample of it is judged all the same.

    Rows that are ignored have zeros, and nothing else. If a mean divides by zero, because no row
    counts, every value is NaN or zero, as the loss says.
    """
    answer = claim.answer(case).copy()  # A later call may overwrite it.
    if claim.quantity.options and counted(claim.loss, case).nothing:
        return require_nothing(claim, case, answer)
    if claim.quantity.reduces:
        unlike = np.zeros(1, int)
    else:
        unlike = unlike_rows(*claim.row_arguments(case), answer)
    return judged_rows(claim, case, answer, unlike)


def judged_rows(
    claim: Claim, case: Case, answer: Array, unlike: Array, *, one_in: int = ONE_IN
) -> list[JudgedRow | AcceptedRows]:
    """Screen and judge the answers to some rows of a case; see :func:`accuracy`.

    Of the rows that the screen accepts, one in `one_in` is judged all the same.

    Raises
    ------
    Refuted
        If a row has a value outside two budgets.
    """
    found = screened(claim, case, unlike, answer[unlike])
    accepted = np.zeros(len(unlike), dtype=bool) if found is None else found.accepted
    sample = drawn_sample(accepted, answer[unlike], one_in)
    judge_accepted = functools.partial(_judge_accepted, claim, case, answer)
    allowed = claim.levels
    judged: list[JudgedRow | AcceptedRows] = []
    for place in np.flatnonzero(sample | ~accepted):
        row = int(unlike[place])
        if accepted[place]:
            judged.append(JudgedRow(row, judge_accepted(row)))
            continue
        question, values = claim.question(case, row), floats(answer[row])
        with CLOCK.charging("oracle"):
            if _overflows(question):
                continue
            judgement = judge(question, values, allowed)
        if judgement.algorithm is None:
            raise Refuted(functools.partial(_evidence, claim, case, row, judgement, values))
        judged.append(JudgedRow(row, judgement))
    if found is not None and accepted.any():
        rest = accepted & ~sample
        explains = functools.partial(_explains, claim, case, answer)
        judged.append(
            AcceptedRows(unlike[rest], found.rank[rest], found.used[rest], judge_accepted, explains)
        )
    return judged


def many_classes(claim: Claim, case: Case) -> list[JudgedRow | AcceptedRows]:
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


@functools.lru_cache(maxsize=16)
@CLOCK.charging("oracle")
def _allowed(question: Question, index: int, levels: tuple[Algorithm, ...]) -> float:
    """Return the largest error of one value of a row that some of these levels may explain."""
    if not question.share.kept:
        return 0.0
    found = (
        None if algorithm is FAITHFUL else budgets(question, algorithm) for algorithm in levels
    )
    most = [ALLOWED * float(budget[index]) for budget in found if budget is not None]
    return max([float(question.format.ulp(enclose(question)[index])), *most])


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
    statement = f"{name} is {text(value)}; its true value is {decimal(truth[index], IN_PROSE)}"
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
        allowed=_allowed(question, index, tuple(claim.levels)),
        level=level,
    )
