"""The report on a terminal: one table, then the minimal counterexample of each refutation."""

from collections.abc import Iterable
from textwrap import indent

from rich import box
from rich.table import Table
from rich.text import Text

from gradcert_reports.model.records import Certificate, Diagnosis, Report
from gradcert_reports.model.results import CheckResult
from gradcert_reports.text.phrases import (
    also,
    arguments,
    diagnosis,
    lower_bound,
    reach,
    size,
    unnamed,
    values,
    verdict,
    where,
)
from gradcert_reports.text.tables import silent

__all__ = ["details", "diagnosed", "explanation", "ledger", "summary"]

_STYLES = {
    "conforms": "green",
    "refuted": "red",
    "broken": "red",
    "not supported": "yellow",
    "incomplete": "yellow",
}


def summary(certificates: Iterable[Certificate]) -> Table:
    """Return the table: verdict, level, most budgets used and where, how far the range held."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("implementation", overflow="fold", max_width=28)
    for heading in ("verdict", "level"):
        table.add_column(heading, no_wrap=True)
    table.add_column("budgets", justify="right", no_wrap=True)
    table.add_column("worst seen at")
    table.add_column("|z| up to")
    for certificate in certificates:
        worst = certificate.worst
        table.add_row(
            Text(certificate.name),
            Text(verdict(certificate), style=_STYLES[certificate.verdict]),
            certificate.level or "-",
            lower_bound(worst.worst if worst else None),
            Text(where(worst)),
            reach(certificate),
        )
    return table


def explanation(result: CheckResult) -> str:
    """Return why a check refutes a claim, or finds it broken, with the case that shows it."""
    about = f"{result.quantity} in {result.format}"
    found = result.discrepancy
    if found is None:
        return f"{result.check}: {about} is {result.verdict}: {result.reason}"
    verb = "refutes" if result.verdict == "refuted" else "finds broken"
    lines = [
        f"{result.check} {verb} {about}: {found.statement}",
        f"  at        {arguments(found)}",
    ]
    if found.expected:
        lines.append(f"  {found.expected_is:<9} {values(found.expected)}")
    if found.returned:
        lines.append(f"  returned  {values(found.returned)}")
    if size(found):
        lines.append(f"  error     {size(found)}")
    lines.append("  to see it again:")
    return "\n".join([*lines, indent(found.snippet, "    ")])


def diagnosed(found: Diagnosis) -> str:
    """Return the diagnosis of a quantity: the flaw, what else fits, and what is known without."""
    lines = [f"diagnosis of {found.quantity}: {diagnosis(found)}"]
    best, others = found.matches[:1], found.matches[1:]
    lines += [f"  {match.title} {match.formula}" for match in best]
    lines += [f"  also fits: {match.flaw} ({match.explains} of {found.cases})" for match in others]
    lines += [f"  {finding}" for finding in found.findings]
    lines += [f"  gradcert explain {match.flaw} tells more" for match in best]
    return "\n".join(lines)


def ledger(report: Report) -> Table:
    """Return the ledger of claims: the verdict on each, and what shows it."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("", justify="right")
    table.add_column("claim")
    table.add_column("for")
    table.add_column("verdict", no_wrap=True)
    table.add_column("shown by", overflow="fold")
    for entry in report.ledger:
        certificate = report.certificates[entry.certificate]
        found = certificate.refutations[0].discrepancy if certificate.refutations else None
        shown = f"{certificate.cases} cases, {certificate.level}"
        if found is not None:
            named = [d.matches[0].flaw for d in certificate.diagnoses if not unnamed(d)]
            shown = f"{', '.join([*named, arguments(found)])}: {found.statement}"
        surprise = "" if certificate.verdict == entry.expected else f", not {entry.expected}!"
        table.add_row(
            str(entry.claim),
            entry.statement,
            entry.where,
            Text(certificate.verdict + surprise, style=_STYLES[certificate.verdict]),
            Text(shown),
        )
    return table


def details(certificate: Certificate) -> str:
    """Return what is wrong with an implementation; an empty text if nothing is.

    The first refutation of each quantity is shown whole, the others are counted: mostly they are
    the same mistake, seen by another check or in another format. All are in the report.
    """
    lines = [indent(explanation(result), "  ") for result in certificate.leading]
    lines += [f"  {line}" for line in also(certificate)]
    lines += [indent(diagnosed(one), "  ") for one in certificate.diagnoses]
    for found in silent(certificate):
        lines.append(indent(explanation(found.results[0]), "  "))
        if found.results[1:]:
            more = f"{len(found.results) - 1} more checks are {found.verdict}: {found.reason}"
            lines.append(f"  and {more}")
    return "\n".join([certificate.name, *lines]) if lines else ""
