"""The values an implementation returns, against the oracle."""

import functools
from math import isfinite

from flint import arb

from gradcert.cases import Case, Claim
from gradcert.checks.evidence import DIGITS, Evidence, Judgements, Refuted, decimal, floats, text
from gradcert.clock import CLOCK
from gradcert_oracle import QUANTITIES, Format, Judgement, Row, judge, ulps

__all__ = ["accuracy", "many_classes"]

_GUARD = 100
"""Bits beyond the format's own that a reported true value is known to: thirty digits and more."""


def _overflows(claim: Claim, logits: Row, targets: Row) -> bool:
    """Tell whether the true loss is no number of the format."""
    if claim.quantity != "loss":
        return False
    return bool(abs(QUANTITIES["loss"](logits, targets, claim.format)[0]) > claim.format.max)


def accuracy(claim: Claim, case: Case) -> Judgements:
    """Every value is within two budgets of the true one.

    Predicate: for each row there is a textbook algorithm (see ``gradcert_oracle.budgets``), not
    void on that row, such that every returned value v and true value x have ``|v - x| <= 2 b``,
    with b that algorithm's budget for the value. NaN and infinity are within no budget. A loss
    whose true value exceeds the format's largest number is passed over.
    """
    answer = claim.answer(case.first, case.targets)
    judgements: Judgements = []
    for row, (first, targets) in enumerate(case.rows()):
        question = claim.row(first, targets)
        values = floats(answer[row])
        with CLOCK.charging("oracle"):
            if _overflows(claim, *question[1:3]):
                continue
            judgement = judge(*question, values)
        if judgement.algorithm is None:
            raise Refuted(functools.partial(_evidence, claim, case, row, judgement, values))
        judgements.append((row, judgement))
    return judgements


def many_classes(claim: Claim, case: Case) -> Judgements:
    """Every value of a row of thousands of classes is within two budgets of the true one.

    Predicate: that of ``accuracy``. It has its own examples, so that every run tries wide rows; the
    Jacobian, whose entries are the square of the classes, is left out.
    """
    return accuracy(claim, case)


@functools.lru_cache(maxsize=16)
def _truth(
    quantity: str, first: Row, targets: Row, format: Format
) -> tuple[tuple[arb, ...], tuple[str, ...]]:
    """Return the true values of a row, and as they are shown; a diagnosis asks again and again."""
    truth = tuple(QUANTITIES[quantity](first, targets, format, _GUARD))
    return truth, tuple(map(decimal, truth))


def _evidence(
    claim: Claim, case: Case, row: int, judgement: Judgement, values: list[float]
) -> Evidence:
    truth, shown = _truth(*claim.row(*case.rows()[row]))
    index = judgement.index
    value = values[index]
    return Evidence(
        case,
        f"{claim.quantity} is {text(value)}; its true value is {decimal(truth[index])}",
        row=row,
        index=index,
        expected=shown,
        returned=tuple(map(text, values)),
        enclosure=truth[index].str(DIGITS),
        ulps=ulps(value, truth[index], claim.format),
        budgets=judgement.used if isfinite(judgement.used) else None,
    )
