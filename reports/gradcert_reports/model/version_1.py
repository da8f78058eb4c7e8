"""The records of ``gradcert-report/1`` that have changed since, and how they become today's."""

from typing import Any, Literal

import msgspec

from gradcert_reports.model.records import Certificate, Diagnosis, Entry, Provenance, Report
from gradcert_reports.model.results import (
    CheckResult,
    Discrepancy,
    Jacobian,
    Reach,
    Regime,
    Sample,
)
from gradcert_reports.model.rows import Numbers, Row
from gradcert_reports.model.verdict import Verdict

__all__ = ["SCHEMA_1", "Report1", "upgraded"]

SCHEMA_1: Literal["gradcert-report/1"] = "gradcert-report/1"

_CHANGES = ("offset", "masked")
_TARGETS = ("one-hot", "soft", "smoothed", "unnormalised")


class _Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class _Sample(_Record, frozen=True, kw_only=True, array_like=True):
    level: str
    summation: str
    rung: int
    budgets: float
    regime: str
    classes: int
    largest_logit: float


class _Discrepancy(_Record, frozen=True, kw_only=True):
    statement: str
    argument: str
    first: Numbers
    targets: Numbers
    regimes: tuple[str, ...]
    row: int
    index: int | None
    returned: tuple[str, ...]
    expected: tuple[str, ...]
    expected_is: Literal["true", "other"]
    enclosure: str = ""
    ulps: float | None
    budgets: float | None
    snippet: str
    jacobian: Jacobian | None = None


class _Reach(_Record, frozen=True, kw_only=True):
    held_to: float
    failed_at: float | None = None
    statement: str = ""


class _CheckResult(_Record, frozen=True, kw_only=True):
    check: str
    quantity: str
    format: str
    verdict: Verdict
    examples: int
    reason: str = ""
    worst: _Sample | None = None
    discrepancy: _Discrepancy | None = None
    samples: tuple[_Sample, ...] = ()
    reach: _Reach | None = None
    cancellation: tuple[tuple[float, float], ...] = ()


class _Certificate(_Record, frozen=True, kw_only=True):
    name: str
    origin: str
    summary: str
    quantities: tuple[str, ...]
    formats: tuple[str, ...]
    targets: str
    decides_to: float
    verdict: Verdict
    worst: _CheckResult | None
    results: tuple[_CheckResult, ...]
    planned: int
    diagnoses: tuple[Diagnosis, ...]
    provenance: Provenance


class Report1(_Record, frozen=True, kw_only=True):
    """A report of version 1."""

    schema: Literal["gradcert-report/1"] = SCHEMA_1
    certificates: tuple[_Certificate, ...]
    ledger: tuple[Entry, ...] = ()


def _without(old: _Record, *changed: str) -> dict[str, Any]:
    """Return the fields of a record without those that have changed."""
    fields = msgspec.structs.asdict(old)
    return {name: value for name, value in fields.items() if name not in changed}


def _regime(joined: str) -> Regime:
    """Split a regime, whose parts version 1 joined by commas.

    Examples
    --------
    >>> regime = _regime("near one, offset, masked, one-hot")
    >>> regime.shape, regime.changes, regime.targets
    ('near one', ('offset', 'masked'), 'one-hot')
    >>> _regime("a, b").shape
    'a, b'
    """
    shape, *parts = joined.split(", ")
    targets = parts.pop() if parts and parts[-1] in _TARGETS else ""
    if shape and set(parts) <= set(_CHANGES):
        return Regime(shape=shape, changes=tuple(parts), targets=targets)
    return Regime(shape=joined)


def _sample(old: _Sample) -> Sample:
    """Join the level and the order of summation, which version 1 kept apart."""
    kept = _without(old, "level", "summation", "rung", "regime")
    algorithm = old.level
    if old.summation not in ("", "pairwise"):
        algorithm += f", {old.summation} sum"
    return Sample(**kept, algorithm=algorithm, rank=old.rung, regime=_regime(old.regime))


def _discrepancy(old: _Discrepancy) -> Discrepancy:
    kept = _without(old, "argument", "first", "targets", "regimes")
    arguments: dict[str, tuple[Row, ...]] = {old.argument: old.first}
    if old.targets:
        arguments["targets"] = old.targets
    return Discrepancy(**kept, arguments=arguments, regimes=tuple(map(_regime, old.regimes)))


def _reach(old: _Reach) -> Reach:
    return Reach(**_without(old, "held_to"), reached=old.held_to)


def _result(old: _CheckResult) -> CheckResult:
    kept = _without(old, "worst", "discrepancy", "samples", "reach")
    return CheckResult(
        **kept,
        worst=_sample(old.worst) if old.worst else None,
        discrepancy=_discrepancy(old.discrepancy) if old.discrepancy else None,
        samples=tuple(map(_sample, old.samples)),
        reach=_reach(old.reach) if old.reach else None,
    )


def _certificate(old: _Certificate) -> Certificate:
    return Certificate(
        **_without(old, "targets", "decides_to", "worst", "results"),
        loss={},
        domain={"targets": old.targets, "largest_logit": old.decides_to},
        worst=_result(old.worst) if old.worst else None,
        results=tuple(map(_result, old.results)),
    )


def upgraded(old: Report1) -> Report:
    """Return a report of version 1 as one of today. Version 1 did not record the loss."""
    return Report(certificates=tuple(map(_certificate, old.certificates)), ledger=old.ledger)
