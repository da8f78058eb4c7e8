"""The rows of a batch are independent: each row's answer is its own."""

from gradcert.checks.agreement import require_agreement
from gradcert.checks.places import evenly_spaced
from gradcert.core.case import Case
from gradcert.core.claim import Claim, shown_as
from gradcert.core.evidence import JudgedRow
from gradcert.core.unlike import unlike_rows

__all__ = ["row_independence"]

_COMPARED = 12
"""Unlike rows of a case that are compared."""


def row_independence(claim: Claim, case: Case) -> list[JudgedRow]:
    """A row's answer does not depend on the other rows of the batch.

    Predicate: ``|v(batch)[i] - v(row i alone)| <= 2 (b + b)`` for every value of the rows that are
    compared. Of rows with equal arguments and equal answers the first is compared. Of more than 12
    such unlike rows, 12 are: the first, the last, and others evenly spaced between them. It cannot
    see an error that a row makes by itself: the all-zero gradient, a sign flip, a scale.
    """
    together = claim.answer(case).copy()  # A later call may overwrite it.
    unlike = unlike_rows(*claim.arguments(case), together)
    for row in (int(unlike[place]) for place in evenly_spaced(len(unlike), _COMPARED)):
        expression = f"f(*(a[{row}:{row + 1}] for a in args))"
        with shown_as("for a row alone", expression):
            alone = claim.answer(case.alone(row))
        require_agreement(
            claim,
            case,
            row,
            ours=together[row],
            theirs=alone[0],
            difference="for the same row alone",
            shown_by=("f(*args)", expression),
        )
    return []
