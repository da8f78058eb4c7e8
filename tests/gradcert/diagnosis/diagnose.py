"""Which mistake a refutation is: the known flaws that make it too, and what is known without one.

A flaw explains a refuting case if it, put in the implementation's place, fails the same check on
the same case in the same way (see :mod:`gradcert.diagnosis.matching`). The flaw is run, so that its
behaviour is compared and not only its formula.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from gradcert.checks import CHECKS, Check
from gradcert.core.case import Case, Regime
from gradcert.core.claim import Broken, Claim, claims_of
from gradcert.core.evidence import Evidence
from gradcert.core.outcome import Outcome
from gradcert.diagnosis.conditional import under
from gradcert.diagnosis.fitting import fitted, seen
from gradcert.diagnosis.matching import fails, fails_in_the_same_way, failure_on, in_place_of
from gradcert.diagnosis.observing import Observed, observed
from gradcert.diagnosis.shared_traits import Refuting
from gradcert.diagnosis.symptoms import symptoms
from gradcert.diagnosis.where import Condition, Rows, where
from gradcert_implementations import FLAWED, Flaw, Loss, documented, load
from gradcert_implementations.parametric import ParametricFlaw
from gradcert_oracle import FORMATS, Format, Quantity
from gradcert_reports import Diagnosis, Match, Verdict

__all__ = ["Checked", "diagnose", "exposing_case"]

_LISTED = 3
"""Flaws that a diagnosis names."""

_COMPARED = 6
"""Values of the parameters of a flaw that are compared by what contradicts them."""

_ONE_IN = 20
"""A flaw that adds less than this part of the cases to those explained explains nothing."""


@dataclass(frozen=True)
class Checked:
    """What one check found about one claim."""

    claim: Claim
    check: Check
    outcome: Outcome


@dataclass(frozen=True)
class _Refutation:
    """A check that refutes a claim, with the evidence of some cases, the smallest case first.

    `passed` has cases on which the check passed.
    """

    claim: Claim
    check: Check
    evidence: tuple[Evidence, ...]
    passed: tuple[Case, ...]


@dataclass(frozen=True)
class _Seen:
    """What is known of the rows of a case, and from which check."""

    claim: Claim
    check: Check
    rows: Observed


@cache
def _catalogue() -> tuple[Flaw, ...]:
    return tuple(flaw for flaw in map(load, FLAWED) if isinstance(flaw, Flaw))


def exposing_case(flaw: Flaw, format: Format) -> Case:
    """Return the input that exposes a flaw, in a format."""
    names = next(claims_of(flaw)).quantity.arguments
    arrays = [np.array(rows).astype(format.dtype) for rows in flaw.exposed_by]
    arguments = dict(zip((names[0], "targets"), arrays, strict=True))
    return Case(arguments, (Regime("exposing"),) * len(arrays[0]))


def _refutation(checked: Checked) -> _Refutation:
    """Run the check again, and keep the cases that refute again and those that pass again."""
    claim, check, outcome = checked.claim, checked.check, checked.outcome
    again = (failure_on(claim, check, found.case) for found in outcome.refutations)
    found = tuple(found for found in again if isinstance(found, Evidence))
    passed = tuple(case for case in outcome.passed if not fails(claim, check, case))
    return _Refutation(claim, check, found, passed)


def _explained(flaw: Flaw, refutations: Sequence[_Refutation]) -> frozenset[tuple[int, int]]:
    """Return the cases that a flaw explains, by refutation and place.

    The search in a refutation ends if the flaw does not explain its smallest case.
    """
    found = set()
    for number, refutation in enumerate(refutations):
        for place, evidence in enumerate(refutation.evidence):
            if fails_in_the_same_way(flaw, refutation.claim, refutation.check, evidence):
                found.add((number, place))
            elif place == 0:
                break
    return frozenset(found)


def _has_values(evidence: Evidence) -> bool:
    return bool(evidence.returned) and evidence.expected_is == "true"


@cache
def _is_exposed(flaw: Flaw, check: Check, quantity: Quantity, format: Format) -> bool:
    """Return whether a flaw fails a check on the input that exposes it."""
    case = exposing_case(flaw, format)
    return (
        # The exposing input is made of logits, or of probabilities.
        quantity.arguments[0] in case.arguments
        and format.name in flaw.formats
        and fails(Claim(flaw, quantity, format), check, case)
    )


def _passes_where_exposed(flaw: Flaw, about: Sequence[Checked], format: Format) -> bool:
    """Return whether the subject passes where the input that exposes the flaw makes the flaw fail.

    A check that broke the subject is not run again.
    """
    claim = replace(about[0].claim, format=format)
    broken = [one.check for one in about if isinstance(one.outcome.failure, Broken)]
    for check in CHECKS:
        if check in broken or not check.applies(claim):
            continue
        if _is_exposed(flaw, check, claim.quantity, format):
            return not fails(claim, check, exposing_case(flaw, format))
    return False


def _seen(refutation: _Refutation) -> Iterator[_Seen]:
    """Yield the rows of the refuting cases and of the cases that passed."""
    claim, check = refutation.claim, refutation.check
    for evidence in refutation.evidence:
        found = observed(claim, check, evidence.case)
        wrong = found.wrong | {evidence.row} if check.against_truth else frozenset({evidence.row})
        yield _Seen(claim, check, replace(found, wrong=wrong, right=found.right - wrong))
    for case in refutation.passed:
        yield _Seen(claim, check, Observed(case, frozenset(range(case.rows)), frozenset()))


def _contradicted(flaw: Flaw, about: Sequence[Checked], refutations: Sequence[_Refutation]) -> int:
    """Count the cases on which the flaw fails and the subject does not.

    They are the input that exposes the flaw, in the formats that are refuted and in the one it is
    best known in; the smallest refuting cases, in formats in which the check passes; and cases that
    passed. The subject need not claim the format that a flaw is best known in.
    """
    formats = {FORMATS[flaw.formats[0]], *(refutation.claim.format for refutation in refutations)}
    count = sum(_passes_where_exposed(flaw, about, format) for format in formats)
    passed = [one for one in about if one.outcome.failure is None]
    for refutation in refutations:
        accused = in_place_of(refutation.claim, flaw, refutation.check)
        wrong = (observed(accused, refutation.check, case).wrong for case in refutation.passed)
        count += sum(map(bool, wrong))
        for one in passed:
            if one.check is refutation.check:
                case = refutation.evidence[0].case.cast(one.claim.format)
                accused = in_place_of(one.claim, flaw, one.check)
                count += not fails(one.claim, one.check, case) and fails(accused, one.check, case)
    return count


def _with_values(
    flaw: ParametricFlaw, about: Sequence[Checked], refutations: Sequence[_Refutation]
) -> Flaw | None:
    """Return a flaw with the values of its parameters that explain most; None if none explains.

    The likeliest that explain a smallest case are tried on all cases. Of those that explain most,
    the one that least contradicts is the best.
    """
    for refutation in refutations:
        rows = [seen(refutation.claim, one) for one in refutation.evidence if _has_values(one)]
        if not rows or not refutation.check.against_truth:
            continue
        smallest = refutation.evidence[0]
        likely = [
            (len(_explained(candidate, refutations)), candidate)
            for candidate in fitted(flaw, refutation.claim, rows)
            if fails_in_the_same_way(candidate, refutation.claim, refutation.check, smallest)
        ]
        if likely:
            most = max(explained for explained, _ in likely)
            best = [candidate for explained, candidate in likely if explained == most]
            return min(best[:_COMPARED], key=lambda one: _contradicted(one, about, refutations))
    return None


def _where(seen: Sequence[_Seen], flaw: Flaw | None = None) -> Condition | None:
    """Return what sets the wrong rows apart from the right ones.

    If a flaw is given, only the right rows count in which it is wrong.
    """
    wrong, right = [], []
    for one in seen:
        rows = one.rows.right
        if flaw:
            accused = in_place_of(one.claim, flaw, one.check)
            rows &= observed(accused, one.check, one.rows.case).wrong
        wrong.append(Rows(one.rows.case, sorted(one.rows.wrong)))
        right.append(Rows(one.rows.case, sorted(rows)))
    return where(wrong, right)


@dataclass(frozen=True)
class _Candidate:
    """A flaw that explains some of the cases, and what speaks for and against it.

    `contradicted` counts cases on which it fails and the subject passes. `elsewhere` counts those
    on which it would fail without its condition.
    """

    flaw: Flaw
    explains: frozenset[tuple[int, int]]
    contradicted: int
    in_other_formats: bool
    where: Condition | None = None
    elsewhere: int = 0

    @property
    def order(self) -> tuple[int, int, int, bool, int, bool, str]:
        """The sort key: most cases explained first, then least counter-evidence.

        A flaw that explains everything as it is comes before one with a condition or parameters,
        and a condition of one bound before one of two. Of those with a condition, the one that
        would fail most elsewhere comes first: it has no conditions of its own.
        """
        return (
            -len(self.explains),
            self.contradicted,
            len(self.where.bounds) if self.where else 0,
            isinstance(self.flaw, ParametricFlaw),
            -self.elsewhere,
            self.in_other_formats,
            self.flaw.name,
        )

    def headline(self, cases: int) -> bool:
        """Whether it explains at least nine tenths of the cases, and nothing contradicts it."""
        return not self.contradicted and 10 * len(self.explains) >= 9 * cases


def _applicable(claim: Claim) -> Iterator[Flaw]:
    """Yield the flaws that may be the mistake of a claim."""
    for flaw in _catalogue():
        if (
            claim.quantity.name in flaw.functions
            and flaw.loss == claim.implementation.loss
            and flaw.verdict != str(Verdict.CONFORMS)
        ):
            yield flaw


def _under_a_condition(
    one: _Candidate,
    about: Sequence[Checked],
    refutations: Sequence[_Refutation],
    seen: Sequence[_Seen],
) -> _Candidate:
    """Return the candidate with a condition, if that explains why the subject passes elsewhere."""
    condition = _where(seen, one.flaw)
    if condition is None or about[0].claim.implementation.loss != Loss():
        return one
    flaw = under(condition, one.flaw, about[0].claim)
    explains, contradicted = _explained(flaw, refutations), _contradicted(flaw, about, refutations)
    if contradicted or len(explains) < len(one.explains):
        return one
    return _Candidate(
        one.flaw, explains, 0, one.in_other_formats, condition, elsewhere=one.contradicted
    )


def _candidates(
    about: Sequence[Checked], refutations: Sequence[_Refutation], seen: Sequence[_Seen]
) -> list[_Candidate]:
    """Return matching flaws, most cases explained first, then least counter-evidence."""
    formats = {refutation.claim.format.name for refutation in refutations}
    cases = sum(len(refutation.evidence) for refutation in refutations)
    found = []
    for known in _applicable(about[0].claim):
        flaw = (
            _with_values(known, about, refutations) if isinstance(known, ParametricFlaw) else known
        )
        explains = _explained(flaw, refutations) if flaw else frozenset()
        if flaw is None or not explains:
            continue
        contradicted = _contradicted(flaw, about, refutations)
        one = _Candidate(flaw, explains, contradicted, not formats <= set(flaw.formats))
        if contradicted and 2 * len(explains) >= cases:
            one = _under_a_condition(one, about, refutations, seen)
        found.append(one)
    return sorted(found, key=lambda candidate: candidate.order)


def _together(
    candidates: Sequence[_Candidate], named: Sequence[_Candidate], cases: int
) -> list[_Candidate]:
    """Return the flaws that explain most of what those with a name do not.

    Each explains some cases that no other one does.
    """
    found: list[_Candidate] = []
    explained = frozenset[tuple[int, int]]().union(*(one.explains for one in named))
    for _ in range(_LISTED):
        best = max(candidates, key=lambda one: len(one.explains - explained), default=None)
        if best is None or len(best.explains - explained) * _ONE_IN < cases:
            break
        found.append(best)
        explained |= best.explains
    return found


def _matches(candidates: Sequence[_Candidate]) -> tuple[Match, ...]:
    return tuple(
        Match(
            flaw=one.flaw.name,
            title=documented(one.flaw.name)[0],
            formula=one.flaw.formula,
            explains=len(one.explains),
            where=str(one.where or ""),
            option=one.flaw.option if isinstance(one.flaw, ParametricFlaw) else "",
        )
        for one in candidates[:_LISTED]
    )


def _diagnosis(quantity: Quantity, about: Sequence[Checked]) -> Diagnosis:
    """Diagnose a refuted quantity from all that was checked about it."""
    passed = [one for one in about if one.outcome.failure is None]
    refuted = [one for one in about if one.outcome.refutations]
    again = [found for found in map(_refutation, refuted) if found.evidence]
    cases = sum(len(refutation.evidence) for refutation in again)
    seen = sum(len(one.outcome.refutations) for one in refuted)
    rows = [one for refutation in again for one in _seen(refutation)]
    condition = _where(rows)
    candidates = _candidates(about, again, rows)
    named = [one for one in candidates if one.headline(cases)]
    others = _together([one for one in candidates if not one.headline(cases)], named, cases)
    explained = frozenset[tuple[int, int]]().union(*(one.explains for one in candidates))
    return Diagnosis(
        quantity=quantity.name,
        cases=cases,
        matches=_matches(named),
        partly=_matches(others),
        unexplained=cases - len(explained),
        findings=(
            *([f"all rows tried are wrong {condition}, and right elsewhere"] if condition else []),
            *symptoms(
                [Refuting(r.check, r.claim, evidence) for r in again for evidence in r.evidence],
                vanished=seen - cases,
                checks=[one.check for one in refuted],
                refuted=sorted({one.claim.format.name for one in refuted}),
                passed=sorted({one.claim.format.name for one in passed}),
            ),
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
    One diagnosis for each refuted quantity. A flaw is a match if it explains at least nine tenths
    of the refuting cases and fails on no case on which the implementation passes. It may do so
    under a condition, which every refuting row meets and no right row does. The best match comes
    first: by the number of cases; then those without a condition; then those without parameters;
    then those that are known in the refuted formats. Other flaws that explain some cases explain
    the quantity partly.
    """
    by_quantity: dict[Quantity, list[Checked]] = {}
    for one in all_checked:
        by_quantity.setdefault(one.claim.quantity, []).append(one)
    return tuple(
        _diagnosis(quantity, about)
        for quantity, about in by_quantity.items()
        if any(one.outcome.refutations for one in about)
    )
