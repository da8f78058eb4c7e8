"""What is wrong with an implementation: where, what kind of mistake, one quantity at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gradcert_reports.model.mistake import Mistake
from gradcert_reports.model.records import Certificate, Diagnosis
from gradcert_reports.model.results import CheckResult

__all__ = ["Finding", "findings", "mistakes", "scope", "sentence", "worst_first"]


@dataclass(frozen=True)
class Finding:
    """What refutes one quantity.

    Attributes
    ----------
    quantity
        The quantity.
    diagnosis
        Which mistake it is; None where nothing was diagnosed.
    first
        The refutation that is shown in full.
    others
        The refutations by other checks and in other formats.
    """

    quantity: str
    diagnosis: Diagnosis | None
    first: CheckResult
    others: tuple[CheckResult, ...]

    @property
    def severity(self) -> int:
        """How bad the kind of mistake is; -1 where it is not known."""
        mistake = self.diagnosis.mistake if self.diagnosis else None
        return -1 if mistake is None else mistake.severity


def findings(certificate: Certificate) -> list[Finding]:
    """Return what refutes each quantity, the worst kind of mistake first."""
    by_quantity: dict[str, list[CheckResult]] = {}
    for result in certificate.refutations:
        by_quantity.setdefault(result.quantity, []).append(result)
    diagnosed = {one.quantity: one for one in certificate.diagnoses}
    found = [
        Finding(quantity, diagnosed.get(quantity), first, tuple(others))
        for quantity, (first, *others) in by_quantity.items()
    ]
    return sorted(found, key=lambda one: -one.severity)


def mistakes(certificate: Certificate) -> list[Mistake]:
    """Return the kinds of mistakes of an implementation, the worst first."""
    found = {one.mistake for one in certificate.diagnoses if one.mistake is not None}
    return sorted(found, key=lambda one: -one.severity)


def _some(found: Sequence[str], every: Sequence[str], *, unit: str, units: str) -> str:
    """Return which of all are concerned, in words."""
    if len(every) == 1:
        return every[0]
    if len(found) == len(every):
        return f"every {unit}"
    return f"{', '.join(found)} only ({len(found)} of {len(every)} {units})"


def _in_order(found: Iterable[str], order: Sequence[str]) -> tuple[str, ...]:
    wanted = set(found)
    return tuple(name for name in order if name in wanted)


def scope(certificate: Certificate) -> str:
    """Return what has the verdict of all that is claimed: which quantities, in which formats.

    Returns
    -------
    An empty text if nothing is wrong.
    """
    if not certificate.verdict.wrong:
        return ""
    wrong = [result for result in certificate.results if result.verdict == certificate.verdict]
    formats = {
        quantity: _in_order(
            (result.format for result in wrong if result.quantity == quantity), certificate.formats
        )
        for quantity in _in_order((result.quantity for result in wrong), certificate.quantities)
    }
    if not formats:
        return ""
    each = {
        quantity: _some(of, certificate.formats, unit="format", units="formats")
        for quantity, of in formats.items()
    }
    if len(set(each.values())) > 1:
        return "; ".join(f"{quantity} in {where}" for quantity, where in each.items())
    of = _some(tuple(each), certificate.quantities, unit="quantity", units="quantities")
    return f"{of} in {next(iter(each.values()))}"


def sentence(certificate: Certificate) -> str:
    """Return the verdict with its scope and the kinds of mistakes, without the name.

    Examples
    --------
    A gradient that overflows in one of its three formats: ``is refuted for dE/dz in binary16 only
    (1 of 3 formats): NaN or overflow``.
    """
    said = certificate.verdict.predicate(1)
    if where := scope(certificate):
        said += f" for {where}"
    if kinds := mistakes(certificate):
        said += f": {'; '.join(kinds)}"
    return said


def _rank(certificate: Certificate) -> tuple[int, int, int]:
    worst = max((kind.severity for kind in mistakes(certificate)), default=-1)
    wrong = sum(result.verdict.wrong for result in certificate.results)
    return -certificate.verdict.severity, -worst, -wrong


def worst_first(certificates: Iterable[Certificate]) -> list[Certificate]:
    """Return certificates from the worst to the best: by verdict, kind of mistake and scope."""
    return sorted(certificates, key=_rank)
