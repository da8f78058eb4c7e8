"""Which kind of mistake refutes a quantity."""

from collections.abc import Sequence

import numpy as np

from gradcert.diagnosis.shared_traits import Refuting
from gradcert_implementations import Flaw, FlawKind
from gradcert_reports import Mistake

__all__ = ["mistake"]

_FEW = 1 / 64
"""Errors below this part of a row's largest true value are lost digits, and no wrong formula."""

_SHORT = 16
"""What goes wrong in short rows too is no matter of size."""


def _kind(judged: Sequence[Refuting]) -> FlawKind:
    """Return the kind that wrong values show. The first case is the smallest."""
    first = judged[0].evidence
    masked = judged[0].question.rows and -np.inf in judged[0].question.rows[0]
    returned = np.array(first.returned, float)
    true = np.array(first.expected, float)
    if (np.isfinite(true) & ~np.isfinite(returned)).any():
        return FlawKind.MASK if masked else FlawKind.OVERFLOW
    if len(returned) > _SHORT:
        return FlawKind.SIZE
    if first.level or np.abs(returned - true).max() < _FEW * np.abs(true).max():
        return FlawKind.PRECISION
    return FlawKind.MASK if masked else FlawKind.FORMULA


def mistake(named: Flaw | None, refuting: Sequence[Refuting]) -> Mistake | None:
    """Return the kind of mistake: that of the flaw with its name, or what the cases show.

    Predicate without a flaw: if values differ from true ones, the smallest case decides. It is NaN
    or infinite; or it needs many classes; or it is off by less than a 64th of the row's largest
    true value; or else the formula is wrong. A masked class in it that cannot be left out is to
    blame first. If no values differ from true ones, the first check that refutes decides.

    Parameters
    ----------
    named
        The flaw that explains the cases, if there is one.
    refuting
        The evidence against a quantity, that of the smallest case of a check first.

    Returns
    -------
    None if no case refuted it again.
    """
    judged = [one for one in refuting if one.check.against_truth and one.evidence.expected]
    if named:
        kind = named.kind
    elif judged:
        kind = _kind(judged)
    elif refuting:
        kind = refuting[0].check.kind
    else:
        return None
    return Mistake[kind.name]
