"""Names that tell the certificates of one report apart."""

from collections.abc import Callable, Sequence

import msgspec

from gradcert_reports.model.records import Certificate, Report

__all__ = ["distinct"]

_TOLD_BY: tuple[Callable[[Certificate], str], ...] = (
    lambda found: found.origin,
    lambda found: ", ".join(found.quantities),
    lambda found: ", ".join(found.formats),
    lambda found: f"{found.targets} targets",
    lambda found: found.provenance.versions.get(found.provenance.library, ""),
    lambda found: found.provenance.processor,
    lambda found: found.provenance.device,
    lambda found: f"seed {found.provenance.seed}",
    lambda found: f"{found.provenance.max_examples} examples",
    lambda found: found.provenance.date,
)
"""What may differ where names do not, that which a reader looks for first."""


def _told_apart(certificates: Sequence[Certificate]) -> list[str]:
    """Return for each what sets it apart from the others, and a number if nothing else does."""
    told: list[tuple[str, ...]] = [()] * len(certificates)
    for tell in _TOLD_BY:
        found = [tell(certificate) for certificate in certificates]
        if len(set(told)) < len(told) and len(set(found)) > 1:
            told = [(*before, now) for before, now in zip(told, found, strict=True)]
    if len(set(told)) < len(told):
        told = [(*before, str(number)) for number, before in enumerate(told, start=1)]
    return [", ".join(filter(None, parts)) for parts in told]


def distinct(report: Report) -> Report:
    """Return the report with a suffix at every name that it has more than once.

    Examples
    --------
    >>> distinct(Report(certificates=())).certificates
    ()
    """
    names = [certificate.name for certificate in report.certificates]
    certificates = list(report.certificates)
    for name in dict.fromkeys(names):
        places = [place for place, other in enumerate(names) if other == name]
        if len(places) > 1:
            told = _told_apart([certificates[place] for place in places])
            for place, apart in zip(places, told, strict=True):
                renamed = msgspec.structs.replace(certificates[place], name=f"{name} ({apart})")
                certificates[place] = renamed
    return msgspec.structs.replace(report, certificates=tuple(certificates))
