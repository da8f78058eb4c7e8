"""The rows of a batch are independent: each row's answer is its own."""

import numpy as np

from gradcert.checks.agreement import require_agreement
from gradcert.checks.places import evenly_spaced
from gradcert.checks.shown import ASKED, with_rows_changed
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import JudgedRow
from gradcert.core.failures import shown_as
from gradcert.core.unlike import unlike_rows
from gradcert_implementations import Reduction

__all__ = ["row_independence"]

_COMPARED = 12
"""Unlike rows of a case that are compared."""

_BESIDE_ZEROS = "f(np.where(np.arange(len(args[0]))[:, None] == {}, args[0], 0), *args[1:])"


def _beside_zeros(case: Case, row: int) -> Case:
    """Return the case with zeros for the numbers of all rows but one."""
    point = np.zeros_like(case.point)
    point[row] = case.point[row]
    return case.at(point)


def row_independence(claim: Claim, case: Case) -> list[JudgedRow]:
    """A row's answer does not depend on the other rows of the batch, but for the divisor of a mean.

    Predicate: ``|v(batch)[i] - v(row i alone)| <= 2 (b + b)`` for every value of the rows that are
    compared. If the loss is a mean, a row is compared with itself in the same batch with zeros for
    the logits of all other rows, so that the divisor is the same. Of rows with equal arguments and
    equal answers the first is compared. Of more than 12 such unlike rows, 12 are: the first, the
    last, and others evenly spaced between them. It cannot see an error that a row makes by itself:
    the all-zero gradient, a sign flip, a scale.
    """
    together = claim.answer(case).copy()  # A later call may overwrite it.
    unlike = unlike_rows(*claim.row_arguments(case), together)
    divided = claim.loss.reduction is Reduction.MEAN
    for row in (int(unlike[place]) for place in evenly_spaced(len(unlike), _COMPARED)):
        where, asked = "alone", case.alone(row)
        expression = f"f(*({with_rows_changed(claim, f'a[{row}:{row + 1}]')}))"
        if divided:
            where, asked = "beside rows of zeros", _beside_zeros(case, row)
            expression = _BESIDE_ZEROS.format(row)
        with shown_as(f"for a row {where}", ASKED, asked):
            other = claim.answer(asked)
        require_agreement(
            claim,
            case,
            row,
            ours=together[row],
            theirs=other[row if divided else 0],
            difference=f"for the same row {where}",
            shown_by=(ASKED, expression),
        )
    return []
