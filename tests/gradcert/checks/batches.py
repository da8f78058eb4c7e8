"""The rows of a batch are independent: each row's answer is its own."""

from math import isfinite

import numpy as np
from flint import arb

from gradcert.core.case import Case
from gradcert.core.claim import Claim, shown_as
from gradcert.core.evidence import Evidence, JudgedRow, Refuted, errors, floats, judge_exactly, text
from gradcert_implementations import Array
from gradcert_oracle import Algorithm, Judgement, budgets

__all__ = ["agreement", "row_independence"]


def agreement(
    claim: Claim,
    case: Case,
    row: int,
    *,
    ours: Array,
    theirs: Array,
    difference: str,
    shown_by: tuple[str, ...],
) -> Judgement:
    """Judge whether two answers to one row agree: ``|v - w| <= 2 (b + b)`` for every value.

    Two NaNs agree, and two equal infinities: whether they are right is for ``accuracy`` to say.

    Parameters
    ----------
    case, row
        The row that both answer.
    ours, theirs
        The answers to compare, value by value, for that row.
    difference
        How the two calls differed, as the end of a sentence.
    shown_by
        See :class:`Evidence`.
    """
    a, b = floats(ours), floats(theirs)

    def allowances(algorithm: Algorithm) -> list[arb] | None:
        found = budgets(claim.question(case, row), algorithm)
        return None if found is None else [2 * budget for budget in found]

    judgement = judge_exactly(claim, errors(a, b), allowances)
    if judgement.algorithm is None:
        index = judgement.index
        raise Refuted(
            Evidence(
                case,
                f"{claim.quantity.name} is {text(a[index])}, but {text(b[index])} {difference}",
                row=row,
                index=index,
                returned=tuple(map(text, a)),
                expected=tuple(map(text, b)),
                expected_is="other",
                budgets=judgement.used if isfinite(judgement.used) else None,
                shown_by=shown_by,
            )
        )
    return judgement


def _bytes(*batches: Array) -> Array:
    """Return the bytes of each row, of all batches side by side."""
    flat = (np.ascontiguousarray(batch).reshape(len(batch), -1) for batch in batches)
    return np.hstack([rows.view(np.uint8) for rows in flat])


def row_independence(claim: Claim, case: Case) -> list[JudgedRow]:
    """A row's answer does not depend on the other rows of the batch.

    Predicate: ``|v(batch)[i] - v(row i alone)| <= 2 (b + b)`` for every value. It cannot see an
    error that a row makes by itself: the all-zero gradient, a sign flip, a scale.
    """
    together = claim.answer(case)
    judged: list[JudgedRow] = []
    rows = _bytes(*case.arguments.values(), together)
    unlike = np.ones(len(rows), bool)
    while unlike.any():
        row = int(unlike.argmax())
        unlike &= (rows != rows[row]).any(axis=1)  # An equal row with an equal answer is judged.
        expression = f"f(*(a[{row}:{row + 1}] for a in args))"
        with shown_as("for a row alone", expression):
            alone = claim.answer(case.alone(row))
        judgement = agreement(
            claim,
            case,
            row,
            ours=together[row],
            theirs=alone[0],
            difference="for the same row alone",
            shown_by=("f(*args)", expression),
        )
        judged.append(JudgedRow(row, judgement))
    return judged
