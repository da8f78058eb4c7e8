"""Run all checks of an implementation, and collect what they find in a certificate."""

from collections.abc import Iterator, Sequence

import msgspec

from gradcert.checks import CHECKS, check_named, planned
from gradcert.core.claim import claims_of
from gradcert.core.endings import no_exit
from gradcert.core.settings import SearchSettings
from gradcert.engine.coverage import extended, planned_cases, tried_by, untried
from gradcert.engine.examiner import Examiner
from gradcert.engine.provenance import provenance
from gradcert_implementations import (
    Implementation,
    domain_in_words,
    loss_in_words,
    recorded,
    unclaimed,
)
from gradcert_reports import (
    Certificate,
    CheckResult,
    Coverage,
    Diagnosis,
    Provenance,
    Sample,
    Verdict,
    worst,
)

__all__ = ["begun", "certifying", "grown"]

_CHECKS = [check.id for check in CHECKS]


def _counts(result: CheckResult) -> bool:
    """Return whether a result counts: one that may be refused, and is, does not."""
    return result.verdict != Verdict.NOT_SUPPORTED or not check_named(result.check).may_be_refused


def _verdict(results: Sequence[CheckResult], *, complete: bool) -> Verdict:
    found = [result.verdict for result in results if _counts(result)]
    return worst([*found, Verdict.CONFORMS if complete else Verdict.INCOMPLETE])


def _severity(result: CheckResult) -> tuple[int, float]:
    assert isinstance(result.worst, Sample)
    return result.worst.severity


_OF_STORED = "a backward is called with what its forward has stored"


def begun(
    subject: Implementation, *, coverage: Sequence[Coverage], provenance: Provenance
) -> Certificate:
    """Return the certificate before the first check: incomplete."""
    claims = list(claims_of(subject))
    return Certificate(
        name=subject.name,
        origin=subject.origin,
        summary=subject.summary,
        quantities=tuple(subject.functions),
        formats=tuple(subject.formats),
        loss=recorded(subject.loss),
        domain=recorded(subject.domain),
        claimed=(
            loss_in_words(subject.loss),
            domain_in_words(subject.domain),
            *([_OF_STORED] if subject.takes_outputs else []),
        ),
        not_claimed=unclaimed(
            subject.loss,
            subject.domain,
            upstream=all(one.takes_upstream for one in claims if one.quantity.upstream),
            masked=any(one.masked for one in claims),
        ),
        filled_in=tuple(map(str, subject.filled_in)),
        at_least=subject.at_least,
        verdict=Verdict.INCOMPLETE,
        worst=None,
        results=(),
        planned=sum(1 for _ in planned(subject)),
        diagnoses=(),
        coverage=tuple(coverage),
        provenance=provenance,
    )


def grown(
    certificate: Certificate,
    results: Sequence[CheckResult],
    *,
    coverage: Sequence[Coverage],
    provenance: Provenance,
    diagnoses: Sequence[Diagnosis] = (),
    observed: Sequence[str] = (),
) -> Certificate:
    """Return the certificate with these results, incomplete while a planned one is missing.

    What was observed of the subject stands beside what it claims. The results come in the order of
    the checks, and for each check in the order given.
    """
    verdict = _verdict(results, complete=len(results) == certificate.planned)
    conforms = verdict == Verdict.CONFORMS
    judged = [result for result in results if conforms and result.worst]
    passed = sum(not _counts(one) or one.verdict == Verdict.CONFORMS for one in results)
    return msgspec.structs.replace(
        certificate,
        claimed=tuple(dict.fromkeys((*certificate.claimed, *observed))),
        verdict=verdict,
        worst=max(judged, key=_severity, default=None),
        passed=round(passed / certificate.planned, 4),
        results=tuple(sorted(results, key=lambda result: _CHECKS.index(result.check))),
        diagnoses=tuple(diagnoses),
        coverage=tuple(coverage),
        provenance=provenance,
    )


def certifying(subject: Implementation, settings: SearchSettings) -> Iterator[Certificate]:
    """Certify step by step: yield the certificate before the first check and after each check.

    The last one is complete. All others are incomplete, and none of them has diagnoses.
    """
    results: list[CheckResult] = []
    plan = list(planned(subject))
    cases, coverage = planned_cases(subject, settings), untried(subject, settings)
    start = begun(subject, coverage=coverage, provenance=provenance(subject, settings)({}, {}))
    yield start
    now = provenance(subject, settings)
    with Examiner(subject, settings) as examiner:
        for one in plan:
            with no_exit():
                results.append(examiner.check(one.task))
                diagnoses = examiner.diagnoses(results) if len(results) == len(plan) else ()
            coverage = extended(coverage, tried_by(results[-1], cases))
            yield grown(
                start,
                results,
                coverage=coverage,
                diagnoses=diagnoses,
                provenance=now(examiner.spent, examiner.took),
                observed=examiner.observed,
            )
