"""The record of what a check found, as the report keeps it."""

from collections.abc import Sequence

import numpy as np

from gradcert.checks import Check
from gradcert.core.case import Case, Regime
from gradcert.core.claim import Claim
from gradcert.core.evidence import Evidence, Refuted
from gradcert.core.failures import Broken, NotSupported
from gradcert.core.outcome import Outcome, WorstRow
from gradcert.engine.excerpts import kept_places, kept_rows, row_of
from gradcert.engine.jacobians import implied_jacobian
from gradcert.engine.snippets import snippet
from gradcert.engine.standalone import standalone
from gradcert_implementations import Array
from gradcert_oracle import BINARY16, levels
from gradcert_reports import Changed, CheckResult, Discrepancy, Sample, Verdict
from gradcert_reports import Regime as RecordedRegime

__all__ = ["result_of"]

_LEVELS = levels(BINARY16)
"""Everything that may explain a row: a 16-bit format has all levels that the others have."""


def _texts(row: Array) -> list[str]:
    return list(map(repr, row.astype(np.float64).tolist()))


def _regime(regime: Regime) -> RecordedRegime:
    return RecordedRegime(
        shape=regime.shape, changes=regime.changes, targets=regime.targets, v=regime.v
    )


def _kept_places(claim: Claim, evidence: Evidence) -> dict[int, tuple[int, ...] | None]:
    """Return which numbers are kept of the wrong row and of its answers, by the length of a row.

    Where an answer has a value for each class, one table has the arguments beside the values.
    """
    alone = evidence.case.alone(evidence.row)
    rows = [alone[name][0].astype(np.float64) for name in claim.quantity.arguments]
    rows += [np.array(row, np.float64) for row in (evidence.returned, evidence.expected)]
    by_length: dict[int, list[Array]] = {}
    for row in rows:
        by_length.setdefault(len(row), []).append(row)
    return {
        length: kept_places(alike, evidence.index if length == len(evidence.returned) else None)
        for length, alike in by_length.items()
    }


def _upstream(claim: Claim, evidence: Evidence) -> str:
    """Return the upstream gradient of the wrong row; empty where the call has none."""
    if not claim.takes_upstream:
        return ""
    upstream = claim.upstream(evidence.case).astype(np.float64)
    return repr(float(upstream[evidence.row] if upstream.ndim else upstream))


def _changed(evidence: Evidence) -> Changed | None:
    found = evidence.changed
    if found is None:
        return None
    both = [np.array(found.before), np.array(found.after)]
    places = kept_places(both, None)
    before, after = (row_of(_texts(row), places) for row in both)
    return Changed(argument=found.argument, row=found.row, before=before, after=after)


def _discrepancy(claim: Claim, evidence: Evidence) -> Discrepancy:
    case = evidence.case
    batch = kept_rows(case.rows, evidence.row)
    rows = range(case.rows) if batch is None else batch.kept
    places = _kept_places(claim, evidence)
    return Discrepancy(
        statement=evidence.statement,
        arguments={
            name: tuple(row_of(_texts(case[name][row]), places[case.classes]) for row in rows)
            for name in claim.quantity.arguments
        },
        batch=batch,
        regimes=tuple(_regime(case.regimes[row]) for row in rows),
        row=evidence.row,
        of_all_rows=claim.quantity.reduces,
        index=evidence.index,
        returned=row_of(evidence.returned, places[len(evidence.returned)]),
        expected=row_of(evidence.expected, places[len(evidence.expected)]),
        expected_is=evidence.expected_is,
        enclosure=evidence.enclosure,
        ulps=evidence.ulps,
        budgets=evidence.budgets,
        changed=_changed(evidence),
        upstream=_upstream(claim, evidence),
        snippet=snippet(claim, evidence),
        standalone=standalone(claim, evidence),
        jacobian=implied_jacobian(claim, evidence) if evidence.expected else None,
    )


def _sample(case: Case, row: int, *, algorithm: str, rank: int, budgets: float) -> Sample:
    sizes = np.abs(case.point[row].astype(np.float64))
    return Sample(
        algorithm=algorithm,
        rank=rank,
        budgets=budgets,
        regime=_regime(case.regimes[row]),
        classes=case.classes,
        largest_logit=float(sizes[np.isfinite(sizes)].max(initial=0.0)),
    )


def _passed(worst: WorstRow) -> Sample:
    algorithm = worst.judgement.algorithm
    assert algorithm is not None
    return _sample(
        worst.case,
        worst.row,
        algorithm=str(algorithm),
        rank=_LEVELS.index(algorithm),
        budgets=worst.judgement.used,
    )


def _refuted(refutations: Sequence[Evidence]) -> list[Sample]:
    """Return the refuting rows whose error has a size."""
    return [
        _sample(
            found.case,
            found.row,
            algorithm="",
            rank=len(_LEVELS),
            budgets=found.budgets,
        )
        for found in refutations
        if found.budgets is not None
    ]


def result_of(claim: Claim, check: Check, outcome: Outcome) -> CheckResult:
    """Return the record of what one check found."""
    verdict, reason = Verdict.CONFORMS, ""
    evidence: Evidence | None = None
    match outcome.failure, outcome.case:
        case Refuted() as refuted, _:
            verdict, evidence = Verdict.REFUTED, refuted.evidence
        case Broken() as broken, found:
            verdict, reason = Verdict.BROKEN, str(broken)
            if found is not None:
                evidence = Evidence(
                    broken.case or found,
                    reason,
                    second_backward=broken.second_backward,
                    no_answer=True,
                    shown_by=broken.shown_by,
                )
        case NotSupported() as unsupported, _:
            verdict, reason = Verdict.NOT_SUPPORTED, str(unsupported)
    samples = [_passed(worst) for worst in outcome.worst_rows] if check.against_truth else []
    return CheckResult(
        check=check.id,
        quantity=claim.quantity.name,
        format=claim.format.name,
        verdict=verdict,
        examples=outcome.examples,
        reason=reason,
        worst=max(samples, key=lambda sample: sample.severity, default=None),
        discrepancy=None if evidence is None else _discrepancy(claim, evidence),
        samples=(*samples, *(_refuted(outcome.refutations) if check.against_truth else ())),
    )
