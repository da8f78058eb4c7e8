"""How much of the error budgets each implementation used, by the shape of the row."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from gradcert_reports.model.records import Certificate
from gradcert_reports.model.results import Sample

__all__ = ["ALLOWED", "Used", "shapes", "strip"]

ALLOWED = 2
"""Budgets that are allowed, as in the oracle, which reports may not import."""

_STEPS = 4
"""Shades of a cell, from none of the allowed budgets to all."""


@dataclass(frozen=True)
class Used:
    """The worst case of one shape.

    Attributes
    ----------
    budgets
        How many budgets its error has.
    refuted
        Whether no level explains it.
    """

    budgets: float
    refuted: bool

    @property
    def shade(self) -> int:
        """The part of the allowed budgets in quarters, rounded up; 4 is the most."""
        return ceil(max(0, min(ALLOWED, self.budgets)) / ALLOWED * _STEPS)


def _samples(certificate: Certificate) -> list[Sample]:
    return [sample for result in certificate.results for sample in result.samples]


def shapes(certificates: Sequence[Certificate]) -> list[str]:
    """Return the shapes of rows that any of the implementations was judged on."""
    return list(dict.fromkeys(s.regime.shape for one in certificates for s in _samples(one)))


def strip(certificate: Certificate, shapes: Sequence[str]) -> list[Used | None]:
    """Return the worst case of each shape over all quantities and formats; None where no case is.

    A case that no level explains is worse than any that one explains.
    """
    worst: dict[str, Used] = {}
    for sample in _samples(certificate):
        found = Used(sample.budgets, not sample.algorithm)
        known = worst.get(sample.regime.shape)
        if known is None or (known.refuted, known.budgets) < (found.refuted, found.budgets):
            worst[sample.regime.shape] = found
    return list(map(worst.get, shapes))
