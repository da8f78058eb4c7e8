"""Which mistake a refutation is: the known flaws that make it too, and what is known without one.

A flaw explains a refuting case if it, put in the implementation's place, fails the same check on
the same case in the same way (see :mod:`gradcert.diagnosis.matching`). The flaw is run, so that its
behaviour is compared and not only its formula.
"""

from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from io import StringIO
from math import isfinite

from gradcert.core.evidence import Refuted
from gradcert.core.failures import Broken
from gradcert.diagnosis.candidates import Candidate, candidates, condition_of
from gradcert.diagnosis.kind import mistake
from gradcert.diagnosis.options import other_loss
from gradcert.diagnosis.refutations import Checked, Refutations, refutations
from gradcert.diagnosis.shared_traits import Refuting
from gradcert.diagnosis.symptoms import symptoms
from gradcert_implementations import documented
from gradcert_oracle import Quantity
from gradcert_reports import Diagnosis, Match, OtherLoss

__all__ = ["diagnose"]

_LISTED = 3
"""Flaws that a diagnosis names."""

_ONE_IN = _LISTED + 1
"""A flaw explains more than this part of the open cases: one share each, and one stays open."""

_FEW = 2
"""Classes of rows on which flaws agree that are unlike: two values are mostly x and -x."""


def _explained(some: Sequence[Candidate]) -> frozenset[tuple[int, int]]:
    """Return the cases that some of the flaws explain."""
    return frozenset[tuple[int, int]]().union(*(one.explains for one in some))


def _tells_apart(one: Candidate, found: Refutations) -> bool:
    """Return whether a flaw explains a case that few flaws can explain."""
    for number, place in one.explains & found.telling:
        refutation = found.again[number]
        evidence = refutation.evidence[place]
        finite = all(isfinite(float(value)) for value in evidence.returned)
        if not refutation.check.against_truth or (finite and evidence.case.classes > _FEW):
            return True
    return False


def _together(
    others: Sequence[Candidate], named: Sequence[Candidate], cases: int
) -> list[Candidate]:
    """Return the flaws that explain most of what those with a name do not.

    Each explains many cases that no other one does.
    """
    found: list[Candidate] = []
    explained = _explained(named)
    for _ in range(_LISTED):
        best = max(others, key=lambda one: len(one.explains - explained), default=None)
        still_open = cases - len(explained)
        if best is None or len(best.explains - explained) * _ONE_IN <= still_open:
            break
        found.append(best)
        explained |= best.explains
    return found


def _matches(found: Sequence[Candidate]) -> tuple[Match, ...]:
    return tuple(
        Match(
            flaw=one.flaw.name,
            title=documented(one.flaw.name)[0],
            formula=one.flaw.formula,
            explains=len(one.explains),
            where=str(one.where or ""),
        )
        for one in found[:_LISTED]
    )


def _condition(found: Refutations) -> Iterator[str]:
    """Yield what sets the wrong rows apart from the right ones, if anything does."""
    condition = condition_of(found.rows)
    if condition is not None:
        yield f"all rows tried are wrong {condition}, and right elsewhere"


def _undecided(matching: Sequence[Candidate], found: Refutations) -> Iterator[str]:
    """Yield which flaws explain the cases, if no case tells them apart."""
    flaws = [one.flaw.name for one in matching if one.undecided(found)]
    if flaws:
        yield f"no refuting case shows which of these flaws it is: {', '.join(flaws[:_LISTED])}"


def _diagnosis(quantity: Quantity, found: Refutations, other: OtherLoss | None) -> Diagnosis:
    """Diagnose a refuted quantity from all that was checked about it."""
    about = found.about
    refuted = [one for one in about if one.outcome.refutations]
    passed = {one.claim.format.name for one in about if one.outcome.failure is None}
    failed = {
        one.claim.format.name for one in about if isinstance(one.outcome.failure, Refuted | Broken)
    }
    cases = found.cases
    matching = candidates(found)
    named = [one for one in matching if one.headline(found)]
    partly = [one for one in matching if one not in named and _tells_apart(one, found)]
    others = _together(partly, named, cases)
    refuting = [Refuting(r.check, r.claim, one) for r in found.repeated for one in r.evidence]
    return Diagnosis(
        quantity=quantity.name,
        cases=cases,
        matches=_matches(named),
        partly=_matches(others),
        other_loss=other,
        unexplained=cases - len(_explained([*named, *others])),
        mistake=mistake(
            named[0].flaw if named else None, refuting, once=any(one.once for one in found.again)
        ),
        findings=(
            *symptoms(
                refuting,
                tried=found.tried,
                vanished=found.vanished,
                checks=[one.check for one in refuted],
                refuted=sorted({one.claim.format.name for one in refuted}),
                passed=sorted(passed - failed),
            ),
            *((*_undecided(matching, found), *_condition(found)) if not named else ()),
        ),
    )


def diagnose(all_checked: Sequence[Checked]) -> tuple[Diagnosis, ...]:
    """Compare what refutes an implementation with the catalogue, quantity by quantity.

    Parameters
    ----------
    all_checked
        What the checks of one implementation found, with those that passed.

    Returns
    -------
    One diagnosis for each refuted quantity. A flaw is a match if it explains at least half of the
    refuting cases and half of those that tell flaws apart, and nine tenths of the one or of the
    other, and fails on no case on which the implementation passes. A case tells flaws apart if its
    row has one class or two different logits, and is not zero because the upstream gradient or v
    is; or if another row with the same numbers is right. A flaw may be a match under a condition,
    which every refuting row meets and no right row does; then it explains nine tenths of all cases.
    The best match comes first: by the number of cases; then those without a condition; then those
    without parameters; then those that are known in the refuted formats.

    Of the other flaws up to three explain the quantity partly. Each must explain more than a
    quarter of the cases that no flaw before it explains. And one case must tell it from other
    flaws: a row of three classes or more whose values are all finite, or one of a check that does
    not compare with true values. NaN comes from many mistakes, and in two classes many formulas
    agree.

    Beside the flaws stands the loss with other options for which the answers are right, if there is
    one.
    """
    by_quantity: dict[Quantity, list[Checked]] = {}
    for one in all_checked:
        by_quantity.setdefault(one.claim.quantity, []).append(one)
    with redirect_stdout(StringIO()):  # Some flaws print.
        refuted = {
            quantity: refutations(about)
            for quantity, about in by_quantity.items()
            if any(one.outcome.refutations for one in about)
        }
        others = other_loss([*refuted.values()])
        return tuple(
            _diagnosis(quantity, found, others.get(quantity)) for quantity, found in refuted.items()
        )
