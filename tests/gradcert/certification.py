"""Run the checks on an implementation and collect what they find in a certificate."""

import importlib.metadata
import platform
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from gradcert import MAX_EXAMPLES
from gradcert.cases import Broken, Case, Claim, NotSupported
from gradcert.checks import Check, Evidence, Refuted, planned
from gradcert.diagnosis import Examined, diagnose
from gradcert.examine import Demand, Outcome, examine
from gradcert.reach import beyond
from gradcert.snippets import snippet
from gradcert_implementations import Array, Implementation, as_implementation, load
from gradcert_oracle import LEVELS
from gradcert_reports import (
    Certificate,
    CheckResult,
    Discrepancy,
    Provenance,
    Verdict,
    Worst,
)

__all__ = ["certify", "result_of"]

_LIBRARIES = ("gradcert", "numpy", "python-flint", "hypothesis", "torch", "jax")


def _numbers(array: Array) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(map(repr, row)) for row in array.astype(np.float64).tolist())


def _discrepancy(claim: Claim, evidence: Evidence) -> Discrepancy:
    case = evidence.case
    return Discrepancy(
        statement=evidence.statement,
        argument=claim.arguments_named[0],
        first=_numbers(case.first),
        targets=_numbers(case.targets),
        regimes=case.regimes,
        row=evidence.row,
        index=evidence.index,
        returned=evidence.returned,
        expected=evidence.expected,
        expected_is=evidence.expected_is,
        ulps=evidence.ulps,
        budgets=evidence.budgets,
        snippet=snippet(claim, evidence),
    )


def _worst(demand: Demand | None) -> Worst | None:
    if demand is None or demand.judgement.algorithm is None:
        return None
    logits = np.abs(demand.case.first[demand.row].astype(np.float64))
    return Worst(
        level=demand.judgement.algorithm.level,
        summation=demand.judgement.algorithm.summation,
        budgets=demand.judgement.used,
        regime=demand.case.regimes[demand.row],
        classes=demand.case.first.shape[1],
        largest_logit=float(logits[np.isfinite(logits)].max()),
    )


def result_of(claim: Claim, check: Check, outcome: Outcome) -> CheckResult:
    """Return the record of what one check found."""
    verdict: Verdict = "conforms"
    evidence: Evidence | None = None
    match outcome.failure, outcome.case:
        case Refuted() as refuted, _:
            verdict, evidence = "refuted", refuted.evidence
        case Broken() as broken, Case() as found:
            verdict, evidence = "broken", Evidence(found, str(broken))
        case NotSupported(), _:
            verdict = "not supported"
    return CheckResult(
        check=check.id,
        quantity=claim.quantity,
        format=claim.format.name,
        verdict=verdict,
        examples=outcome.examples,
        reason=str(outcome.failure) if verdict in ("broken", "not supported") else "",
        worst=_worst(outcome.demand),
        discrepancy=None if evidence is None else _discrepancy(claim, evidence),
    )


def _demand(result: CheckResult) -> tuple[int, bool, float]:
    assert result.worst is not None
    order = ("faithful", *LEVELS)
    worst = result.worst
    return order.index(worst.level), worst.summation == "sequential", worst.budgets


def _verdict(results: Sequence[CheckResult]) -> Verdict:
    found = {result.verdict for result in results}
    worse: tuple[Verdict, ...] = ("refuted", "broken", "not supported")
    return next((verdict for verdict in worse if verdict in found), "conforms")


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for library in _LIBRARIES:
        if library in ("torch", "jax") and library not in sys.modules:
            continue
        versions[library] = importlib.metadata.version(library)
    return versions


def certify(
    implementation: Implementation | Callable[..., Any] | str,
    *,
    quantities: Sequence[str] = (),
    formats: Sequence[str] = (),
    targets: str | None = None,
    max_examples: int = MAX_EXAMPLES,
    seed: int = 0,
    on_check: Callable[[Check, Claim], None] = lambda _check, _claim: None,
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
    on_check
        Called before each check, to show progress.

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
    began, clock = datetime.now(UTC), time.perf_counter()
    results, reach, examined = [], [], []
    for check, claim in planned(subject):
        on_check(check, claim)
        outcome = examine(claim, check, max_examples=max_examples, seed=seed)
        examined.append(Examined(claim, check, outcome))
        results.append(result_of(claim, check, outcome))
        if check.id == "accuracy" and results[-1].verdict == "conforms":
            reach += beyond(claim)
    verdict = _verdict(results)
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
        diagnoses=diagnose(examined),
        reach=tuple(reach),
        cases=sum(result.examples for result in results),
        provenance=Provenance(
            versions=_versions(),
            machine=f"{platform.platform()}, {platform.machine()}",
            seed=seed,
            max_examples=max_examples,
            date=began.isoformat(timespec="seconds"),
            duration=round(time.perf_counter() - clock, 3),
        ),
    )
