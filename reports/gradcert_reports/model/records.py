"""The report and its certificates, as ``certificate.json`` keeps them.

They say how they look in Python. What renders them is imported only then, because the renderers
import the records.
"""

from typing import Annotated, Literal

import msgspec

from gradcert_reports.model.mistake import Mistake
from gradcert_reports.model.results import CheckResult
from gradcert_reports.model.verdict import Verdict

__all__ = [
    "SCHEMA",
    "Certificate",
    "Coverage",
    "Diagnosis",
    "Entry",
    "Match",
    "Option",
    "OtherLoss",
    "OtherOption",
    "Provenance",
    "Report",
]

SCHEMA: Literal["gradcert-report/2"] = "gradcert-report/2"
"""Name and version of the file format. The version changes when an old reader would misread."""

Option = str | float | int | bool | None
"""The value of an option of the loss or of the domain. JSON has no infinity: use None."""


class Match(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A known flaw that explains refuting cases.

    Attributes
    ----------
    flaw, title, formula
        The id that ``gradcert explain`` takes, and what the flaw is.
    explains
        How many of the refuting cases it explains: on each it fails the same check in the same way.
    where
        The condition under which the implementation makes the mistake; empty if it always does.
    """

    flaw: str
    title: str
    formula: str
    explains: int
    where: str = ""


class OtherOption(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An option of the loss whose value is another one than the claim says.

    Attributes
    ----------
    name, value
        The option, and the value with which the answers are right, as the command line takes it.
    claimed
        The value that is claimed; empty if the option is not claimed.
    """

    name: str
    value: str
    claimed: str = ""


class OtherLoss(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A loss that is not the claimed one, and for which the answers are right.

    Attributes
    ----------
    options
        What differs from the claimed loss.
    explains
        How many of the refuting cases have the right answers for it.
    """

    options: tuple[OtherOption, ...]
    explains: int


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which mistake makes a quantity wrong.

    Attributes
    ----------
    quantity
        The quantity that is wrong.
    cases
        How many refuting cases were compared with the known flaws.
    matches
        The known flaws that name the mistake, the best first; empty if there is none. Each explains
        at least nine tenths of the cases, or of those that tell flaws apart, and nothing
        contradicts it.
    partly
        Other known flaws. Each explains more than a quarter of the cases that are still open.
    other_loss
        The loss for which the answers are right, if there is one: then it may be no mistake.
    unexplained
        How many of the cases none of these flaws explains.
    mistake
        The kind of mistake: that of the best match, or what the wrong values show. None where it is
        not recorded.
    findings
        What the wrong values show without a match, the most useful first: a factor, which checks
        failed, the size of the error.
    lesson
        The explanation of the best match, with its numbers, as ``gradcert explain`` prints it.
        Empty without a match.
    """

    quantity: str
    cases: int
    matches: tuple[Match, ...]
    partly: tuple[Match, ...] = ()
    other_loss: OtherLoss | None = None
    unexplained: int
    mistake: Mistake | None = None
    findings: tuple[str, ...]
    lesson: str = ""


class Provenance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a certificate comes from.

    Attributes
    ----------
    versions
        The versions of gradcert, Python, numpy and the libraries that affect the answers.
    library, device
        The library that computed the answers, and the device.
    machine, processor
        The operating system, and the model of the processor.
    seed, max_examples
        The settings of the search for cases.
    effort
        How much of the plan of cases was tried: ``quick``, ``standard`` or ``thorough``. None where
        it is not recorded: there was no plan then.
    date
        The start of the run, ISO 8601, UTC.
    duration
        The seconds from start to end.
    spent
        The seconds spent in each part, where measured: ``oracle``, ``subject``, ``Hypothesis``
        and ``checks``.
    took
        The seconds of each check, by the name of its test: ``accuracy-dE/dz-binary32``.
    command
        The command line that made it; empty where that is no command of gradcert or pytest.
    """

    versions: dict[str, str]
    library: str
    device: str
    machine: str
    processor: str
    seed: int
    max_examples: int
    effort: str | None = None
    date: str
    duration: float
    spent: dict[str, float]
    took: dict[str, float] = {}
    command: str = ""


class Coverage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which items of one dimension of the plan of cases were tried.

    Attributes
    ----------
    dimension
        What the items are about: ``classes``, ``rows``, ``places``, ``masks``, ``values``, ...
    tried
        The items that some check tried on some claim, in the order of the plan: ``4097``,
        ``label in the last class``, ``sorted up``, ...
    left
        The items of the plan that no check tried.
    """

    dimension: str
    tried: tuple[str, ...]
    left: tuple[str, ...] = ()


class Certificate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All verdicts on one implementation.

    Attributes
    ----------
    name, origin, summary
        The name in reports, the SPEC that loads the implementation again, if there is one, and one
        line on how it computes.
    quantities, formats
        What it computes, and in which formats.
    loss
        The options of the loss that it claims to compute, by name. Empty if they are not recorded.
    domain
        The inputs for which it claims to be right, by name: ``targets``, ``largest_logit``, ...
    claimed, not_claimed
        What it claims of its loss and its domain, in words, and what it does not. Empty if they are
        not recorded.
    filled_in
        The options of its loss that were read from the attributes of what computes it, in words.
    at_least
        The level that it claims: a worse one is refuted. None if it claims no level.
    verdict
        The worst verdict of its checks; a check that has not run counts as ``incomplete``, and a
        second backward that is refused does not count.
    worst
        The most severe passed result, whose level is the level of the certificate. None unless the
        implementation conforms.
    results
        What each check found, on each quantity in each format: those that have run.
    planned
        The number of results of a complete certificate.
    passed
        The share of the planned checks that ran and found no fault, from 0 to 1. A second backward
        that is refused is no fault. None where it is not recorded.
    diagnoses
        One for each refuted quantity.
    coverage
        What of the plan of cases was tried, dimension by dimension. Empty where it is not recorded.
    provenance
        Where the certificate comes from: versions, seed, date and more.
    """

    name: str
    origin: str
    summary: str
    quantities: tuple[str, ...]
    formats: tuple[str, ...]
    loss: dict[str, Option]
    domain: dict[str, Option]
    claimed: tuple[str, ...] = ()
    not_claimed: tuple[str, ...] = ()
    filled_in: tuple[str, ...] = ()
    at_least: str | None = None
    verdict: Verdict
    worst: CheckResult | None
    results: tuple[CheckResult, ...]
    planned: int
    passed: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    diagnoses: tuple[Diagnosis, ...]
    coverage: tuple[Coverage, ...] = ()
    provenance: Provenance

    @property
    def level(self) -> str:
        """The textbook algorithm that explains the worst error seen; empty unless it conforms."""
        return self.worst.worst.algorithm if self.worst and self.worst.worst else ""

    @property
    def demanded(self) -> str:
        """The worst level that it may have: the one that it claims, else ``any level``."""
        return self.at_least or "any level"

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
        return tuple(result for result in self.results if result.verdict == Verdict.REFUTED)

    @property
    def leading(self) -> tuple[CheckResult, ...]:
        """The first refutation of each quantity: the others mostly show the same mistake again."""
        first: dict[str, CheckResult] = {}
        for result in self.refutations:
            first.setdefault(result.quantity, result)
        return tuple(first.values())

    def __str__(self) -> str:
        from gradcert_reports.text.brief import brief

        return brief(self)

    def _repr_html_(self) -> str:
        """Return the certificate as a table for a notebook."""
        from gradcert_reports.html.notebook import notebook

        return notebook(Report(certificates=(self,)))


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the ledger of claims.

    Attributes
    ----------
    claim
        The number of the claim; one claim may have several lines.
    statement, where
        What is claimed, and for which outputs and targets.
    expected
        The verdict that is known to be right.
    certificate
        The place of its certificate in the report, counted from 0.
    """

    claim: int
    statement: str
    where: str
    expected: Verdict
    certificate: int


class Report(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one run found: the certificates in the order of the run, and a ledger of claims.

    Attributes
    ----------
    schema
        The version of the records.
    certificates
        One for each implementation.
    ledger
        The claims that the certificates are about; empty for a run without claims.
    """

    schema: Literal["gradcert-report/2"] = SCHEMA
    certificates: tuple[Certificate, ...]
    ledger: tuple[Entry, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every check of every implementation has run."""
        return all(certificate.complete for certificate in self.certificates)

    def __str__(self) -> str:
        from gradcert_reports.text.brief import brief_of_report

        return brief_of_report(self)

    def _repr_html_(self) -> str:
        """Return the report as a table for a notebook."""
        from gradcert_reports.html.notebook import notebook

        return notebook(self)
