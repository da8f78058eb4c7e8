"""The values an implementation returns, against the oracle."""

from math import isfinite

import numpy as np
from gradcert_oracle import QUANTITIES, Judgement, judge, ulps

from gradcert.cases import Case, Claim
from gradcert.checks.evidence import Evidence, Judgements, Refuted, text

__all__ = ["accuracy"]

_GUARD = 100
"""Bits beyond the format's own that a reported true value is known to: thirty digits and more."""


def accuracy(claim: Claim, case: Case) -> Judgements:
    """Every value is within two budgets of the true one.

    Predicate: for each row there is a textbook algorithm (see ``gradcert_oracle.budgets``), not
    void on that row, such that every returned value v and true value x have ``|v - x| <= 2 b``,
    with b that algorithm's budget for the value. NaN and infinity are within no budget. A loss
    whose true value exceeds the format's largest number is passed over.
    """
    answer = claim.answer(case.first, case.targets).astype(np.float64)
    judgements: Judgements = []
    for row, (first, targets) in enumerate(case.rows()):
        question = claim.row(first, targets)
        if (
            claim.quantity == "loss"
            and abs(QUANTITIES["loss"](*question[1:])[0]) > claim.format.max
        ):
            continue
        values = answer[row].ravel().tolist()
        judgement = judge(*question, values)
        if judgement.algorithm is None:
            raise Refuted(_evidence(claim, case, row, judgement, values[judgement.index]))
        judgements.append((row, judgement))
    return judgements


def _evidence(claim: Claim, case: Case, row: int, judgement: Judgement, value: float) -> Evidence:
    question = claim.row(*case.rows()[row])
    truth = QUANTITIES[claim.quantity](*question[1:], _GUARD)[judgement.index]
    expected = "0" if truth.contains(0) else truth.str(30, radius=False)
    return Evidence(
        case,
        f"{claim.quantity} is {text(value)}; its true value is {expected}",
        row=row,
        index=judgement.index,
        expected=expected,
        returned=text(value),
        ulps=ulps(value, truth, claim.format),
        budgets=judgement.used if isfinite(judgement.used) else None,
    )
