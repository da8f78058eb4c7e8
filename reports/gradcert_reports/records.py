"""The certificate: what is kept, sent and read back. Every figure a report shows comes from here.

Numbers of the format under test travel as decimal strings that read back as the same number, for
JSON has no NaN and no infinity.
"""

from typing import Literal

import msgspec

__all__ = [
    "SCHEMA",
    "Certificate",
    "CheckResult",
    "Diagnosis",
    "Discrepancy",
    "Entry",
    "Match",
    "Numbers",
    "Provenance",
    "Reach",
    "Report",
    "Verdict",
    "Worst",
]

SCHEMA: Literal["gradcert-report/1"] = "gradcert-report/1"
"""Name and version of the file format; the version changes when an old reader would misread."""

Verdict = Literal["conforms", "refuted", "broken", "not supported"]

Numbers = tuple[tuple[str, ...], ...]
"""An array: its rows, each number as text."""


class Worst(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The passed case that asked most: a lower bound of the worst there is.

    Attributes
    ----------
    level, summation
        The textbook algorithm that explains it, and the order it sums in.
    budgets
        How many of that algorithm's budgets the error used; two are allowed.
    regime, classes, largest_logit
        The row: its regime, its length, its largest finite first argument in absolute value.
    """

    level: str
    summation: str
    budgets: float
    regime: str
    classes: int
    largest_logit: float

    @property
    def algorithm(self) -> str:
        """The level, with the order of summation where that matters."""
        return self.level if self.summation == "pairwise" else f"{self.level}, {self.summation} sum"


class Discrepancy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A refuting case, minimal, with the evidence.

    Attributes
    ----------
    statement
        What is wrong, in one sentence.
    argument
        What `first` holds: ``logits`` or ``probabilities``.
    first, targets
        The arguments, row by row.
    regimes
        One a row.
    row, index
        Where the fault is; `index` counts the values of the row's answer, row-major.
    returned, expected
        The values of that row's answer, row-major, and those they were compared with. Empty where
        the fault is not in values.
    expected_is
        What those are: ``true``, to thirty digits, or another answer of the implementation itself.
    ulps, budgets
        The size of the error, where it has one.
    snippet
        Python that shows it again.
    """

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
    ulps: float | None
    budgets: float | None
    snippet: str


class CheckResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The verdict of one check on one quantity in one format.

    Attributes
    ----------
    reason
        Why it is broken or not supported, else empty.
    examples
        How many cases ran before the verdict was known.
    """

    check: str
    quantity: str
    format: str
    verdict: Verdict
    examples: int
    reason: str = ""
    worst: Worst | None = None
    discrepancy: Discrepancy | None = None


class Reach(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far one quantity held beyond the range that decides.

    Attributes
    ----------
    held_to
        The largest size of logits up to which every case tried was within its budgets.
    failed_at
        The next size tried, where one was not; None if all held.
    statement
        What happened there.
    """

    quantity: str
    format: str
    held_to: float
    failed_at: float | None = None
    statement: str = ""


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
    findings
        What is known without a match: where the error lives, its size, what would undo it.
    """

    quantity: str
    cases: int
    matches: tuple[Match, ...]
    findings: tuple[str, ...]


class Provenance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a certificate comes from.

    Attributes
    ----------
    versions
        Of gradcert, Python, numpy and the libraries that bear on the answers.
    machine
        Operating system and processor.
    date
        When it began, ISO 8601, UTC.
    duration
        Seconds.
    """

    versions: dict[str, str]
    machine: str
    seed: int
    max_examples: int
    date: str
    duration: float


class Certificate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All verdicts on one implementation.

    Attributes
    ----------
    verdict
        ``conforms`` if every check does; else the worst of ``refuted``, ``broken`` and
        ``not supported``, in this order.
    worst
        The result that asked most; its level is the certificate's. None unless all is in order.
    diagnoses
        One a refuted quantity.
    cases
        How many cases were tried in all.
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
    diagnoses: tuple[Diagnosis, ...]
    reach: tuple[Reach, ...]
    cases: int
    provenance: Provenance

    @property
    def level(self) -> str:
        """The textbook algorithm that explains the worst error seen; empty unless it conforms."""
        return self.worst.worst.algorithm if self.worst and self.worst.worst else ""

    @property
    def refutations(self) -> tuple[CheckResult, ...]:
        """The results that refute."""
        return tuple(result for result in self.results if result.verdict == "refuted")


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
