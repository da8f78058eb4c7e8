"""Which rows of a case a check finds wrong, and which it finds right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gradcert.checks import Check
from gradcert.checks.screening import screened
from gradcert.checks.upstream import second_backward
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import floats
from gradcert.core.failures import Broken, NotSupported
from gradcert.diagnosis.matching import fails, of_second_backward
from gradcert.diagnosis.rounding import is_right

__all__ = ["Observed", "observed"]

_COMPARED, _NUMBERS = 12, 1 << 14
"""Rows of a case that are compared with true values, if a screen did not accept them.

Fewer are where they have more numbers together, but one is.
"""


@dataclass(frozen=True)
class Observed:
    """Rows of a case that are right, and rows that are wrong. Nothing is known of the others.

    `values` has the values of wrong rows, where these were compared with true ones: those of a
    first backward.
    """

    case: Case
    right: frozenset[int]
    wrong: frozenset[int]
    values: Mapping[int, Sequence[float]] = field(default_factory=dict)


def _spread(rows: Sequence[int], classes: int) -> list[int]:
    """Return some of the rows, evenly spaced, the first and the last too."""
    count = min(_COMPARED, max(1, _NUMBERS // classes))
    if len(rows) <= count:
        return list(rows)
    return [rows[i * (len(rows) - 1) // max(1, count - 1)] for i in range(count)]


def _compared(claim: Claim, case: Case) -> Observed:
    """Screen all rows, and compare some that the screen does not accept with true values."""
    every = frozenset(range(case.rows))
    try:
        answer = claim.answer(case).copy()
    except (Broken, NotSupported):
        return Observed(case, frozenset(), every)
    found = screened(claim, case, np.arange(case.rows), answer)
    accepted = np.zeros(case.rows, bool) if found is None else found.accepted
    compared = _spread(np.flatnonzero(~accepted).tolist(), case.classes)
    right = {r for r in compared if is_right(claim, claim.question(case, r), floats(answer[r]))}
    wrong = frozenset(compared) - right
    values = {row: floats(answer[row]) for row in sorted(wrong)}
    return Observed(case, frozenset(np.flatnonzero(accepted).tolist()) | right, wrong, values)


def observed(claim: Claim, check: Check, case: Case) -> Observed:
    """Return which rows of a case are right.

    If the check compares with true values, each row is screened, and some that the screen does not
    accept are compared. If it is about second backwards, a row is right if both backwards are, and
    wrong if one of them is. Else, and where all rows have one value, all rows are right if the
    check passes, and all are wrong if it fails.
    """
    if not check.against_truth or claim.quantity.reduces:
        every = frozenset(range(case.rows))
        failed = fails(claim, check, case)
        return Observed(case, frozenset() if failed else every, every if failed else frozenset())
    found, again = _compared(claim, case), of_second_backward(claim)
    if check.run is not second_backward or again is claim:
        return found
    second = _compared(again, case)
    return replace(found, right=found.right & second.right, wrong=found.wrong | second.wrong)
