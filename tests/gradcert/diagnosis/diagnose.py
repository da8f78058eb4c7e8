"""Which mistake a refutation is: the known flaws that make it too, and what is known without one.

A flaw explains a refuting case if it, put in the implementation's place, fails the same check on
the same case in the same way (see :mod:`gradcert.diagnosis.matching`). The flaw is run, so that its
behaviour is compared and not only its formula.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from gradcert.checks import CHECKS, Check
from gradcert.core.case import Case, Regime
from gradcert.core.claim import Broken, Claim, claims_of
from gradcert.core.evidence import Evidence
from gradcert.core.outcome import Outcome
from gradcert.diagnosis.matching import fails_in_the_same_way, failure_on
from gradcert.diagnosis.shared_traits import Refuting
from gradcert.diagnosis.symptoms import symptoms
from gradcert_implementations import FLAWED, Flaw, documented, load
from gradcert_oracle import FORMATS, Format, Quantity
from gradcert_reports import Diagnosis, Match, Verdict

__all__ = ["Checked", "diagnose", "exposing_case"]

_LISTED = 3
"""Flaws that a diagnosis names."""


@dataclass(frozen=True)
class Checked:
    """What one check found about one claim."""

    claim: Claim
    check: Check
    outcome: Outcome


@dataclass(frozen=True)
class _Refutation:
    """A check that refutes a claim, with the evidence of some cases, the smallest case first."""

    claim: Claim
    check: Check
    evidence: tuple[Evidence, ...]


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
    """Run the check on the refuting cases again, and keep those that refute again."""
    claim, check = checked.claim, checked.check
    again = (failure_on(claim, check, found.case) for found in checked.outcome.refutations)
    return _Refutation(claim, check, tuple(found for found in again if isinstance(found, Evidence)))


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


@cache
def _is_exposed(flaw: Flaw, check: Check, quantity: Quantity, format: Format) -> bool:
    """Return whether a flaw fails a check on the input that exposes it."""
    case = exposing_case(flaw, format)
    return (
        # The exposing input is made of logits, or of probabilities.
        quantity.arguments[0] in case.arguments
        and format.name in flaw.formats
        and failure_on(Claim(flaw, quantity, format), check, case) is not None
    )


def _passes_where_exposed(flaw: Flaw, about: Sequence[Checked], format: Format) -> bool | None:
    """Return whether the subject passes where the input that exposes the flaw makes the flaw fail.

    A check that broke the subject is not run again. None if nothing exposes the flaw.
    """
    claim = replace(about[0].claim, format=format)
    broken = [one.check for one in about if isinstance(one.outcome.failure, Broken)]
    for check in CHECKS:
        if check in broken or not check.applies(claim):
            continue
        if _is_exposed(flaw, check, claim.quantity, format):
            return failure_on(claim, check, exposing_case(flaw, format)) is None
    return None


def _acquitted(flaw: Flaw, about: Sequence[Checked]) -> bool:
    """Return whether the subject passes where the flaw is exposed, in every refuted format."""
    refuted = dict.fromkeys(one.claim.format for one in about if one.outcome.refutations)
    found = [_passes_where_exposed(flaw, about, format) for format in refuted]
    return True in found and False not in found


def _contradicted(flaw: Flaw, about: Sequence[Checked], refutations: Sequence[_Refutation]) -> int:
    """Count the formats in which the flaw fails and the subject does not.

    That is on the smallest refuting case, or on the input that exposes the flaw in the format it is
    best known in. The subject need not claim that format, so this only speaks against the flaw.
    """
    passed = [one for one in about if one.outcome.failure is None]
    count = int(_passes_where_exposed(flaw, about, FORMATS[flaw.formats[0]]) is True)
    for refutation in refutations:
        for one in passed:
            if one.check is refutation.check:
                claim, smallest = one.claim, refutation.evidence[0].case
                case = smallest.cast(claim.format)
                accused = replace(claim, implementation=flaw)
                count += (
                    failure_on(claim, one.check, case) is None
                    and failure_on(accused, one.check, case) is not None
                )
    return count


@dataclass(frozen=True)
class _Candidate:
    """A flaw that explains some of the cases, and what speaks for and against it."""

    flaw: Flaw
    explains: frozenset[tuple[int, int]]
    contradicted: int
    in_other_formats: bool

    @property
    def order(self) -> tuple[int, int, bool, str]:
        """The sort key: most cases explained first, then least counter-evidence."""
        return -len(self.explains), self.contradicted, self.in_other_formats, self.flaw.name


def _candidates(about: Sequence[Checked], refutations: Sequence[_Refutation]) -> list[_Candidate]:
    """Return matching flaws, most cases explained first, then least counter-evidence."""
    claim = about[0].claim
    formats = {refutation.claim.format.name for refutation in refutations}
    found = [
        _Candidate(
            flaw,
            explains,
            _contradicted(flaw, about, refutations),
            not formats <= set(flaw.formats),
        )
        for flaw in _catalogue()
        if claim.quantity.name in flaw.functions
        and flaw.loss == claim.implementation.loss
        and flaw.verdict != str(Verdict.CONFORMS)
        and not _acquitted(flaw, about)
        if (explains := _explained(flaw, refutations))
    ]
    return sorted(found, key=lambda candidate: candidate.order)[:_LISTED]


def _diagnosis(quantity: Quantity, about: Sequence[Checked]) -> Diagnosis:
    """Diagnose a refuted quantity from all that was checked about it."""
    passed = [one for one in about if one.outcome.failure is None]
    refuted = [one for one in about if one.outcome.refutations]
    again = [found for found in map(_refutation, refuted) if found.evidence]
    cases = sum(len(refutation.evidence) for refutation in again)
    seen = sum(len(one.outcome.refutations) for one in refuted)
    candidates = _candidates(about, again) if again else []
    explained = frozenset[tuple[int, int]]().union(*(one.explains for one in candidates))
    return Diagnosis(
        quantity=quantity.name,
        cases=cases,
        matches=tuple(
            Match(
                flaw=one.flaw.name,
                title=documented(one.flaw.name)[0],
                formula=one.flaw.formula,
                explains=len(one.explains),
            )
            for one in candidates
        ),
        unexplained=cases - len(explained),
        findings=symptoms(
            [Refuting(r.check, r.claim, evidence) for r in again for evidence in r.evidence],
            vanished=seen - cases,
            checks=[one.check for one in refuted],
            refuted=sorted({one.claim.format.name for one in refuted}),
            passed=sorted({one.claim.format.name for one in passed}),
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
    One diagnosis for each refuted quantity. Its matches are the flaws that explain refuting cases,
    the best first: by the number of cases; then by how seldom they fail where the implementation
    passes; then those that are known in the refuted formats. A flaw is not a match if the
    implementation passes, in every refuted format, where the input that exposes the flaw makes the
    flaw fail.
    """
    by_quantity: dict[Quantity, list[Checked]] = {}
    for one in all_checked:
        by_quantity.setdefault(one.claim.quantity, []).append(one)
    return tuple(
        _diagnosis(quantity, about)
        for quantity, about in by_quantity.items()
        if any(one.outcome.refutations for one in about)
    )
