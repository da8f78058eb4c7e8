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
    "Jacobian",
    "Match",
    "Numbers",
    "Provenance",
    "Reach",
    "Report",
    "Sample",
    "Verdict",
]

SCHEMA: Literal["gradcert-report/1"] = "gradcert-report/1"
"""Name and version of the file format; the version changes when an old reader would misread."""

Verdict = Literal["conforms", "refuted", "broken", "not supported", "incomplete"]

Numbers = tuple[tuple[str, ...], ...]
"""An array: its rows, each number as text."""


class Sample(
    msgspec.Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True
):
    """The most demanding row of one case: a dot of the pictures, an array in the file.

    Attributes
    ----------
    level, summation
        The textbook algorithm that explains it, and the order it sums in; empty if none does.
    rung
        The place of both among all that may explain a row in any format: 0 is the best.
    budgets
        How many of that algorithm's budgets the error used, or of the one that comes closest; two
        are allowed.
    regime, classes, largest_logit
        The row: its regime, its length, its largest finite first argument in absolute value.
    """

    level: str
    summation: str
    rung: int
    budgets: float
    regime: str
    classes: int
    largest_logit: float

    @property
    def algorithm(self) -> str:
        """The level, with the order of summation where that matters."""
        return self.level if self.summation == "pairwise" else f"{self.level}, {self.summation} sum"


class Jacobian(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The softmax Jacobian of a row of logits, do_i/dz_j in row i, column j, twice.

    Attributes
    ----------
    true
        The true one, to thirty digits.
    returned
        The one that the returned gradients imply: with the target at class i alone, dE/dz_j is
        ``-(do_i/dz_j) / o_i``, so that row i is ``-o_i`` times that gradient.
    """

    true: Numbers
    returned: Numbers


class Discrepancy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A refuting case, minimal, with the evidence.

    Attributes
    ----------
    statement
        What is wrong, in one sentence.
    argument
        What `first` holds: ``logits`` or ``probabilities``.
    first, targets
        The arguments, row by row; no targets where the quantity takes none.
    regimes
        One a row.
    row, index
        Where the fault is; `index` counts the values of the row's answer, row-major.
    returned, expected
        The values of that row's answer, row-major, and those they were compared with. Empty where
        the fault is not in values.
    expected_is
        What those are: ``true``, to thirty digits, or another answer of the implementation itself.
    enclosure
        The true value at `index` as a ball, centre and radius; empty where no true value is.
    ulps, budgets
        The size of the error, where it has one.
    snippet
        Python that shows it again.
    jacobian
        The softmax Jacobian behind it, true and implied, where there is one small enough to see.
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
    enclosure: str = ""
    ulps: float | None
    budgets: float | None
    snippet: str
    jacobian: Jacobian | None = None


class Reach(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far a quantity held beyond the range that decides.

    Attributes
    ----------
    held_to
        The largest size of logits up to which every case tried was within its budgets.
    failed_at
        The next size tried, where one was not; None if all held.
    statement
        What happened there.
    """

    held_to: float
    failed_at: float | None = None
    statement: str = ""


class CheckResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The verdict of one check on one quantity in one format.

    Attributes
    ----------
    reason
        Why it is broken or not supported, else empty.
    examples
        How many cases ran before the verdict was known.
    worst, samples
        Of a check that holds values against true ones: the passed case that asked most, a lower
        bound of the worst there is, and every case.
    reach, cancellation
        For ``accuracy``, what lies beside the cases that decide: how far it holds; and, as a
        target's probability p comes near one, pairs of 1 - p and the error in ulps at the target.
    """

    check: str
    quantity: str
    format: str
    verdict: Verdict
    examples: int
    reason: str = ""
    worst: Sample | None = None
    discrepancy: Discrepancy | None = None
    samples: tuple[Sample, ...] = ()
    reach: Reach | None = None
    cancellation: tuple[tuple[float, float], ...] = ()


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
        What is known without a match: where the error lives, its size, what would undo it.
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
