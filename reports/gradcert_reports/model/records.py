"""The certificate: what is kept, sent and read back. Reports show what stands here, and no more."""

from typing import Literal

import msgspec

from gradcert_reports.model.results import CheckResult, Verdict

__all__ = [
    "SCHEMA",
    "Certificate",
    "Diagnosis",
    "Entry",
    "Match",
    "Provenance",
    "Report",
]

SCHEMA: Literal["gradcert-report/1"] = "gradcert-report/1"
"""Name and version of the file format; the version changes when an old reader would misread."""


class Match(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A known flaw that explains refuting cases.

    Attributes
    ----------
    flaw, title, formula
        The id that ``gradcert explain`` takes, and what the flaw is.
    explains
        How many of the refuting cases: on each it fails the same check in the same way.
    """

    flaw: str
    title: str
    formula: str
    explains: int


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which mistake a refuted quantity makes.

    Attributes
    ----------
    cases
        How many refuting cases were compared with the catalogue.
    matches
        The known flaws that explain some of them, the best first; empty if none does.
    unexplained
        How many of the cases no match explains.
    findings
        What is known without a match, the most telling first: a factor, what checks saw, its size.
    """

    quantity: str
    cases: int
    matches: tuple[Match, ...]
    unexplained: int
    findings: tuple[str, ...]


class Provenance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a certificate comes from.

    Attributes
    ----------
    versions
        Of gradcert, Python, numpy and the libraries that bear on the answers.
    library, device
        What computed, and where it did.
    machine, processor
        The operating system, and the model of the processor.
    date
        When it began, ISO 8601, UTC.
    duration
        Seconds.
    spent
        How many of them whom the checks took, where that was measured: the ``oracle``, the
        ``subject``, ``Hypothesis``, and the ``checks`` themselves.
    """

    versions: dict[str, str]
    library: str
    device: str
    machine: str
    processor: str
    seed: int
    max_examples: int
    date: str
    duration: float
    spent: dict[str, float]


class Certificate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All verdicts on one implementation.

    Attributes
    ----------
    verdict
        ``conforms`` if every check does; else the worst of ``refuted``, ``broken``,
        ``incomplete`` (a check has not run) and ``not supported``, in this order.
    worst
        The result that asked most; its level is the certificate's. None unless all is in order.
    planned
        How many results there are when it is complete.
    diagnoses
        One a refuted quantity.
    """

    name: str
    origin: str
    summary: str
    quantities: tuple[str, ...]
    formats: tuple[str, ...]
    targets: str
    decides_to: float
    verdict: Verdict
    worst: CheckResult | None
    results: tuple[CheckResult, ...]
    planned: int
    diagnoses: tuple[Diagnosis, ...]
    provenance: Provenance

    @property
    def level(self) -> str:
        """The textbook algorithm that explains the worst error seen; empty unless it conforms."""
        return self.worst.worst.algorithm if self.worst and self.worst.worst else ""

    @property
    def complete(self) -> bool:
        """Whether every check has run."""
        return len(self.results) == self.planned

    @property
    def cases(self) -> int:
        """How many cases were tried in all."""
        return sum(result.examples for result in self.results)

    @property
    def refutations(self) -> tuple[CheckResult, ...]:
        """The results that refute."""
        return tuple(result for result in self.results if result.verdict == "refuted")

    @property
    def leading(self) -> tuple[CheckResult, ...]:
        """The first refutation of each quantity: the others are mostly the same mistake again."""
        first: dict[str, CheckResult] = {}
        for result in self.refutations:
            first.setdefault(result.quantity, result)
        return tuple(first.values())


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the ledger of claims.

    Attributes
    ----------
    claim
        The number of the claim; one claim may have several lines.
    statement, where
        What is claimed, and for which outputs and targets.
    expected
        The verdict that must come out.
    certificate
        The verdict that did: the place of the certificate in the report, from 0.
    """

    claim: int
    statement: str
    where: str
    expected: Verdict
    certificate: int


class Report(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one run wrote: certificates, in the order they were asked for, and a ledger of claims.

    Attributes
    ----------
    ledger
        Empty unless the run was about the claims.
    """

    schema: Literal["gradcert-report/1"] = SCHEMA
    certificates: tuple[Certificate, ...]
    ledger: tuple[Entry, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every check of every implementation has run."""
        return all(certificate.complete for certificate in self.certificates)
