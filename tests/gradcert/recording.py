"""What a check found, as the report keeps it."""

from collections.abc import Sequence

import numpy as np

from gradcert.cases import Broken, Case, Claim, NotSupported, takes_targets
from gradcert.checks import Check, Evidence, Refuted
from gradcert.examine import Demand, Outcome
from gradcert.jacobians import implied_jacobian
from gradcert.snippets import snippet
from gradcert_implementations import Array
from gradcert_oracle import BINARY16, rungs
from gradcert_reports import CheckResult, Discrepancy, Sample, Verdict

__all__ = ["result_of"]

_RUNGS = rungs(BINARY16)
"""Everything that may explain a row: a 16-bit format has all levels that the others have."""


def _numbers(array: Array) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(map(repr, row)) for row in array.astype(np.float64).tolist())


def _discrepancy(claim: Claim, evidence: Evidence) -> Discrepancy:
    case = evidence.case
    return Discrepancy(
        statement=evidence.statement,
        argument=claim.arguments_named[0],
        first=_numbers(case.first),
        targets=_numbers(case.targets) if takes_targets(claim.quantity) else (),
        regimes=case.regimes,
        row=evidence.row,
        index=evidence.index,
        returned=evidence.returned,
        expected=evidence.expected,
        expected_is=evidence.expected_is,
        enclosure=evidence.enclosure,
        ulps=evidence.ulps,
        budgets=evidence.budgets,
        snippet=snippet(claim, evidence),
        jacobian=implied_jacobian(claim, evidence) if evidence.expected else None,
    )


def _sample(
    case: Case, row: int, *, level: str, summation: str, rung: int, budgets: float
) -> Sample:
    logits = np.abs(case.first[row].astype(np.float64))
    return Sample(
        level=level,
        summation=summation,
        rung=rung,
        budgets=budgets,
        regime=case.regimes[row],
        classes=case.first.shape[1],
        largest_logit=float(logits[np.isfinite(logits)].max()),
    )


def _passed(demand: Demand) -> Sample:
    algorithm = demand.judgement.algorithm
    assert algorithm is not None
    return _sample(
        demand.case,
        demand.row,
        level=algorithm.level,
        summation=algorithm.summation,
        rung=_RUNGS.index(algorithm),
        budgets=demand.judgement.used,
    )


def _refuted(refutations: Sequence[Evidence]) -> list[Sample]:
    """Return the refuting rows whose error has a size."""
    return [
        _sample(
            found.case, found.row, level="", summation="", rung=len(_RUNGS), budgets=found.budgets
        )
        for found in refutations
        if found.budgets is not None
    ]


def result_of(claim: Claim, check: Check, outcome: Outcome) -> CheckResult:
    """Return the record of what one check found."""
    verdict: Verdict = "conforms"
    evidence: Evidence | None = None
    match outcome.failure, outcome.case:
        case Refuted() as refuted, _:
            verdict, evidence = "refuted", refuted.evidence
        case Broken() as broken, Case() as found:
            verdict = "broken"
            evidence = Evidence(broken.case or found, str(broken), shown_by=broken.shown_by)
        case NotSupported(), _:
            verdict = "not supported"
    samples = [_passed(demand) for demand in outcome.demands] if check.against_truth else []
    worst = max(samples, key=lambda sample: (sample.rung, sample.budgets), default=None)
    return CheckResult(
        check=check.id,
        quantity=claim.quantity,
        format=claim.format.name,
        verdict=verdict,
        examples=outcome.examples,
        reason=str(outcome.failure) if verdict in ("broken", "not supported") else "",
        worst=worst,
        discrepancy=None if evidence is None else _discrepancy(claim, evidence),
        samples=(*samples, *(_refuted(outcome.refutations) if check.against_truth else ())),
    )
