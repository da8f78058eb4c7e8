"""Which kind of mistake refutes a quantity."""

from collections.abc import Sequence

import numpy as np

from gradcert.diagnosis.shared_traits import Refuting
from gradcert_implementations import Flaw, FlawKind
from gradcert_reports import Mistake

__all__ = ["mistake"]

_SMALL_ERROR = 1 / 64
"""Errors below this part of a row's largest true value are lost digits, and no wrong formula."""

_ULPS = 8
"""So are errors of fewer units in the last place of that value: in 8 bits these are larger."""

_SHORT = 16
"""What goes wrong with no more classes is no matter of size."""


def _masked(refuting: Refuting) -> bool:
    """Return whether the refuting row has a masked class, or any row of a loss of a batch."""
    evidence = refuting.evidence
    rows = slice(None) if refuting.claim.quantity.reduces else evidence.row
    return bool(np.isneginf(evidence.case.point[rows].astype(np.float64)).any())


def _kind(refuting: Refuting, *, masked: bool) -> FlawKind:
    """Return the kind that the wrong values of a case show."""
    evidence = refuting.evidence
    returned = np.array(evidence.returned, float)
    true = np.array(evidence.expected, float)
    if (np.isfinite(true) & ~np.isfinite(returned)).any():
        return FlawKind.MASK if masked else FlawKind.OVERFLOW
    lost = max(_SMALL_ERROR, _ULPS * 2.0 ** (1 - refuting.claim.format.precision))
    if evidence.level or np.abs(returned - true).max() < lost * np.abs(true).max():
        return FlawKind.PRECISION
    if evidence.case.classes > _SHORT:
        return FlawKind.SIZE
    return FlawKind.MASK if masked else FlawKind.FORMULA


def mistake(named: Flaw | None, refuting: Sequence[Refuting], *, once: bool) -> Mistake | None:
    """Return the kind of mistake: that of the flaw with its name, or what the cases show.

    Predicate without a flaw: if values differ from true ones in ignored rows only, the kind is
    `IGNORED`. If they do in others, the case of fewest classes decides, and of those one whose
    refuting row has no masked class. If a value is NaN or infinite, the kind is `OVERFLOW`; if
    every refuting row has a masked class, it is `MASK`. If a level explains the case, or the error
    is below a 64th of the row's largest true value, it is `PRECISION`. If the case has more than 16
    classes, it is `SIZE`. If every refuting row has a masked class, it is `MASK`, and else
    `FORMULA`. If no values differ from true ones, the check that refutes decides. What only a
    second backward or a first call shows is `CALL`. A flaw of the kind `MASK` counts as no flaw
    where a refuting row has no masked class.

    Parameters
    ----------
    named
        The flaw that explains the cases, if there is one.
    refuting
        The evidence against a quantity.
    once
        Whether there is evidence that did not come back when the case was tried again.

    Returns
    -------
    None if nothing refuted it.
    """
    values = [one for one in refuting if one.check.against_truth and one.evidence.expected]
    judged = [one for one in values if not one.evidence.second_backward]
    masked = all(map(_masked, judged))
    if named and (masked or named.kind is not FlawKind.MASK):
        kind = named.kind
    elif judged and not any(one.question.share.kept for one in judged):
        kind = FlawKind.IGNORED
    elif judged:
        smallest = min(judged, key=lambda one: (one.evidence.case.classes, _masked(one)))
        kind = _kind(smallest, masked=masked)
    elif values or (once and not refuting):
        kind = FlawKind.CALL
    elif refuting:
        # The first call is judged for all that the other checks are about.
        kind = min(refuting, key=lambda one: one.check.opens).check.kind
    else:
        return None
    return Mistake[kind.name]
