"""Run the checks on an implementation and collect what they find in a certificate."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from gradcert import MAX_EXAMPLES
from gradcert.cancellation import cancellation
from gradcert.cases import Claim
from gradcert.checks import Check, planned
from gradcert.diagnosis import Examined, diagnose
from gradcert.examine import examine
from gradcert.provenance import provenance
from gradcert.reach import beyond
from gradcert.recording import result_of
from gradcert_implementations import Implementation, as_implementation, load
from gradcert_reports import Certificate, CheckResult, Diagnosis, Provenance, Verdict

__all__ = ["certificate_of", "certify", "certifying", "checked"]


def checked(
    claim: Claim, check: Check, *, max_examples: int, seed: int
) -> tuple[Examined, CheckResult]:
    """Run one check on one claim, and what goes with it: return what was found and its record."""
    outcome = examine(claim, check, max_examples=max_examples, seed=seed)
    result = result_of(claim, check, outcome)
    if check.id == "accuracy":
        result = msgspec.structs.replace(
            result,
            reach=beyond(claim) if result.verdict == "conforms" else None,
            cancellation=cancellation(claim),
        )
    return Examined(claim, check, outcome), result


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


def certificate_of(
    subject: Implementation,
    results: Sequence[CheckResult],
    diagnoses: Sequence[Diagnosis],
    provenance: Provenance,
) -> Certificate:
    """Return the certificate of what was found; it is incomplete while a planned check lacks."""
    count = sum(1 for _ in planned(subject))
    verdict = _verdict(results, complete=len(results) == count)
    judged = [result for result in results if verdict == "conforms" and result.worst]
    return Certificate(
        name=subject.name,
        origin=subject.origin,
        summary=subject.summary,
        quantities=tuple(subject.functions),
        formats=tuple(subject.formats),
        targets=subject.targets,
        decides_to=subject.largest_logit,
        verdict=verdict,
        worst=max(judged, key=_demand, default=None),
        results=tuple(results),
        planned=count,
        diagnoses=tuple(diagnoses),
        provenance=provenance,
    )


def certifying(subject: Implementation, *, max_examples: int, seed: int) -> Iterator[Certificate]:
    """Certify step by step: yield the certificate as it is before the first check and after each.

    The last one is whole. All others are incomplete, and none of them has diagnoses.
    """
    examined: list[Examined] = []
    results: list[CheckResult] = []
    plan = list(planned(subject))
    yield certificate_of(
        subject, (), (), provenance(subject, seed=seed, max_examples=max_examples)()
    )
    now = provenance(subject, seed=seed, max_examples=max_examples)
    for check, claim in plan:
        found, result = checked(claim, check, max_examples=max_examples, seed=seed)
        examined.append(found)
        results.append(result)
        diagnoses = diagnose(examined) if len(results) == len(plan) else ()
        yield certificate_of(subject, results, diagnoses, now())


def certify(
    implementation: Implementation | Callable[..., Any] | str,
    *,
    quantities: Sequence[str] = (),
    formats: Sequence[str] = (),
    targets: str | None = None,
    max_examples: int = MAX_EXAMPLES,
    seed: int = 0,
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
    max_examples
        Cases a check with a full share of them tries; the others try their part.
    seed
        The same seed tries the same cases, and finds the same minimal counterexamples.

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
    if isinstance(implementation, str):
        subject = load(implementation, quantities=quantities, formats=formats, targets=targets)
    else:
        subject = as_implementation(
            implementation, quantities=quantities, formats=formats, targets=targets
        )
    *_, certificate = certifying(subject, max_examples=max_examples, seed=seed)
    return certificate
