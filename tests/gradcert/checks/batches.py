"""A batch is so many rows, and each row's answer is its own."""

from math import isfinite

import numpy as np
from flint import arb

from gradcert.cases import Case, Claim, shown_as
from gradcert.checks.evidence import Evidence, Judgements, Refuted, errors, explained, floats, text
from gradcert_implementations import Array
from gradcert_oracle import Algorithm, Judgement, Row, budgets

__all__ = ["agreement", "row_independence"]


def agreement(
    claim: Claim,
    case: Case,
    row: int,
    *,
    ours: Array,
    theirs: Array,
    question: tuple[Row, Row],
    difference: str,
    shown_by: tuple[str, ...],
) -> Judgement:
    """Judge whether two answers to one question agree: ``|v - w| <= 2 (b + b)`` for every value.

    Two NaNs agree, and two equal infinities: what is wrong with them is for ``accuracy`` to tell.

    Parameters
    ----------
    ours, theirs
        The answers to compare, value by value, for one row.
    question
        The row (first, targets) they answer.
    difference
        What was different between the questions, as the end of a sentence.
    shown_by
        See :class:`Evidence`.
    """
    a, b = floats(ours), floats(theirs)

    def allowances(algorithm: Algorithm) -> list[arb] | None:
        found = budgets(*claim.row(*question), algorithm)
        return None if found is None else [2 * budget for budget in found]

    judgement = explained(claim, errors(a, b), allowances)
    if judgement.algorithm is None:
        index = judgement.index
        raise Refuted(
            Evidence(
                case,
                f"{claim.quantity} is {text(a[index])}, but {text(b[index])} {difference}",
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
    """Return the bytes of each row of all of them."""
    flat = (np.ascontiguousarray(batch).reshape(len(batch), -1) for batch in batches)
    return np.hstack([rows.view(np.uint8) for rows in flat])


def row_independence(claim: Claim, case: Case) -> Judgements:
    """A row's answer does not depend on the other rows of the batch.

    Predicate: ``|v(batch)[i] - v(row i alone)| <= 2 (b + b)`` for every value. It cannot see an
    error that a row makes by itself: the all-zero gradient, a sign flip, a scale.
    """
    together = claim.answer(case.first, case.targets)
    judgements: Judgements = []
    rows = _bytes(case.first, case.targets, together)
    unlike = np.ones(len(rows), bool)
    while unlike.any():
        row = int(unlike.argmax())
        unlike &= (rows != rows[row]).any(axis=1)  # An equal row with an equal answer is judged.
        one = slice(row, row + 1)
        expression = f"f(*(a[{row}:{row + 1}] for a in args))"
        with shown_as("for a row alone", expression):
            alone = claim.answer(case.first[one], case.targets[one])
        judgement = agreement(
            claim,
            case,
            row,
            ours=together[row],
            theirs=alone[0],
            question=case.alone(row).rows()[0],
            difference="for the same row alone",
            shown_by=("f(*args)", expression),
        )
        judgements.append((row, judgement))
    return judgements
