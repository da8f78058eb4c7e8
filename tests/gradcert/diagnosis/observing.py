"""Which rows of a case a check finds wrong, and which it finds right."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradcert.checks import Check
from gradcert.checks.screening import screened
from gradcert.core.case import Case
from gradcert.core.claim import Broken, Claim, NotSupported
from gradcert.core.evidence import floats
from gradcert.diagnosis.matching import fails
from gradcert.diagnosis.rounding import is_right

__all__ = ["Observed", "observed"]

_COMPARED = 12
"""Rows of a case that are compared with true values, if a screen did not accept them."""


@dataclass(frozen=True)
class Observed:
    """Rows of a case that are right, and rows that are wrong. Nothing is known of the others."""

    case: Case
    right: frozenset[int]
    wrong: frozenset[int]


def _spread(rows: Sequence[int]) -> list[int]:
    """Return some of the rows, evenly spaced, the first and the last too."""
    if len(rows) <= _COMPARED:
        return list(rows)
    return [rows[i * (len(rows) - 1) // (_COMPARED - 1)] for i in range(_COMPARED)]


def observed(claim: Claim, check: Check, case: Case) -> Observed:
    """Return which rows of a case are right.

    If the check compares with true values, each row is screened, and some that the screen does not
    accept are compared. Else all rows are right if the check passes, and all are wrong if it fails.
    """
    every = frozenset(range(case.rows))
    if not check.against_truth:
        failed = fails(claim, check, case)
        return Observed(case, frozenset() if failed else every, every if failed else frozenset())
    try:
        answer = claim.answer(case).copy()
    except (Broken, NotSupported):
        return Observed(case, frozenset(), every)
    found = screened(claim, case, answer)
    accepted = np.zeros(case.rows, bool) if found is None else found.accepted
    compared = _spread(np.flatnonzero(~accepted).tolist())
    right = {r for r in compared if is_right(claim, claim.question(case, r), floats(answer[r]))}
    wrong = frozenset(compared) - right
    return Observed(case, frozenset(np.flatnonzero(accepted).tolist()) | right, wrong)
