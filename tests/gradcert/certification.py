"""Run the checks on an implementation and collect what they find in a certificate."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from gradcert import MAX_EXAMPLES
from gradcert.checks import planned
from gradcert.examination import Examination, Examiner
from gradcert.isolation import (
    Isolated,
    IsolatedExamination,
    isolate,
    load_isolated,
)
from gradcert.limits import Limits
from gradcert.provenance import provenance
from gradcert_implementations import Implementation, as_implementation, load
from gradcert_reports import Certificate, CheckResult, Diagnosis, Provenance, Verdict

__all__ = ["certificate_of", "certify", "certifying", "examiner_of", "grown"]


def examiner_of(subject: Implementation, *, max_examples: int, seed: int) -> Examiner:
    """Return what examines `subject`: this process, or one of its own, as a program always has."""
    if subject.origin.startswith("command:") and not isinstance(subject, Isolated):
        subject = isolate(subject, Limits())
    if isinstance(subject, Isolated):
        return IsolatedExamination(subject, max_examples=max_examples, seed=seed)
    return Examination(subject, max_examples=max_examples, seed=seed)


def _verdict(results: Sequence[CheckResult], *, complete: bool) -> Verdict:
    found = {result.verdict for result in results}
    for verdict in ("refuted", "broken"):
        if verdict in found:
            return verdict
    if not complete:
        return "incomplete"
    return "not supported" if "not supported" in found else "conforms"


def _demand(result: CheckResult) -> tuple[int, float]:
    assert result.worst is not None
    return result.worst.rung, result.worst.budgets


def certificate_of(subject: Implementation, provenance: Provenance) -> Certificate:
    """Return the certificate before the first check: incomplete."""
    return Certificate(
        name=subject.name,
        origin=subject.origin,
        summary=subject.summary,
        quantities=tuple(subject.functions),
        formats=tuple(subject.formats),
        targets=subject.targets,
        decides_to=subject.largest_logit,
        verdict="incomplete",
        worst=None,
        results=(),
        planned=sum(1 for _ in planned(subject)),
        diagnoses=(),
        provenance=provenance,
    )


def grown(
    certificate: Certificate,
    results: Sequence[CheckResult],
    *,
    provenance: Provenance,
    diagnoses: Sequence[Diagnosis] = (),
) -> Certificate:
    """Return the certificate with these results; it is incomplete while a planned one lacks."""
    verdict = _verdict(results, complete=len(results) == certificate.planned)
    judged = [result for result in results if verdict == "conforms" and result.worst]
    return msgspec.structs.replace(
        certificate,
        verdict=verdict,
        worst=max(judged, key=_demand, default=None),
        results=tuple(results),
        diagnoses=tuple(diagnoses),
        provenance=provenance,
    )


def certifying(subject: Implementation, *, max_examples: int, seed: int) -> Iterator[Certificate]:
    """Certify step by step: yield the certificate as it is before the first check and after each.

    The last one is whole. All others are incomplete, and none of them has diagnoses.
    """
    results: list[CheckResult] = []
    plan = list(planned(subject))
    begun = certificate_of(subject, provenance(subject, seed=seed, max_examples=max_examples)({}))
    yield begun
    now = provenance(subject, seed=seed, max_examples=max_examples)
    with examiner_of(subject, max_examples=max_examples, seed=seed) as examiner:
        for check, claim in plan:
            results.append(examiner.check(check.id, claim.quantity, claim.format.name))
            diagnoses = examiner.diagnoses(results) if len(results) == len(plan) else ()
            provenance_now = now(examiner.spent)
            yield grown(begun, results, diagnoses=diagnoses, provenance=provenance_now)


def certify(
    implementation: Implementation | Callable[..., Any] | str,
    *,
    quantities: Sequence[str] = (),
    formats: Sequence[str] = (),
    targets: str | None = None,
    device: str | None = None,
    max_examples: int = MAX_EXAMPLES,
    seed: int = 0,
    limits: Limits | None = None,
) -> Certificate:
    """Certify an implementation.

    Parameters
    ----------
    implementation
        An Implementation, a plain function ``(logits, targets) -> dE/dz`` on arrays of shape
        (batch, classes), or a SPEC string.
    quantities, formats
        What to certify: for an Implementation a selection of what it claims, for a plain function
        what it claims (dE/dz in binary64 and binary32).
    targets
        The targets to certify it for, in place of those it declares (a plain function:
        ``probability``).
    device
        Where a loss behind ``torch:`` or ``jax:`` is computed.
    max_examples
        Cases a check with a full share of them tries; the others try their part.
    seed
        The same seed tries the same cases, and finds the same minimal counterexamples.
    limits
        Lets the implementation run in a process of its own, with a limit for the time of a call and
        one for memory: a hang or a crash is then a verdict. It takes a SPEC or a public name.

    Raises
    ------
    SpecError
        If there is nothing to certify.
    ValueError
        If `max_examples` is not positive.

    Examples
    --------
    >>> import gradcert
    >>> certificate = gradcert.certify("diagonal-only", formats=["binary64"], max_examples=10)
    >>> found = certificate.refutations[0]
    >>> certificate.verdict, found.discrepancy.first, found.discrepancy.returned
    ('refuted', (('0.0', '0.0'),), ('-0.5', '0.0'))
    """
    if max_examples < 1:
        raise ValueError(f"max_examples is {max_examples}; it must be at least 1")
    options: dict[str, Any] = {"quantities": quantities, "formats": formats, "targets": targets}
    if not isinstance(implementation, str):
        subject = as_implementation(implementation, **options)
        subject = isolate(subject, limits) if limits else subject
    elif limits:
        subject = load_isolated(implementation, limits, **options, device=device)
    else:
        subject = load(implementation, **options, device=device)
    *_, certificate = certifying(subject, max_examples=max_examples, seed=seed)
    return certificate
