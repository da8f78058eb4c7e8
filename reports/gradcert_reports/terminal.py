"""The report on a terminal: one table, then the minimal counterexample of each refutation."""

from collections.abc import Iterable
from textwrap import indent

from rich import box
from rich.table import Table
from rich.text import Text

from gradcert_reports.numbers import arguments, budgets, reach, size, values, where
from gradcert_reports.records import Certificate, CheckResult

__all__ = ["details", "explanation", "summary"]

_STYLES = {"conforms": "green", "refuted": "red", "broken": "red", "not supported": "yellow"}


def summary(certificates: Iterable[Certificate]) -> Table:
    """Return the table: verdict, level, most budgets used and where, how far the range held."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("implementation", "verdict", "level"):
        table.add_column(heading, no_wrap=True)
    table.add_column("budgets", justify="right", no_wrap=True)
    table.add_column("worst seen at")
    table.add_column("|z| up to")
    for certificate in certificates:
        worst = certificate.worst
        table.add_row(
            Text(certificate.name),
            Text(certificate.verdict, style=_STYLES[certificate.verdict]),
            certificate.level or "-",
            budgets(worst.worst.budgets if worst and worst.worst else None),
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


def details(certificate: Certificate) -> str:
    """Return what is wrong with an implementation; an empty text if nothing is.

    The first refutation of each quantity is shown whole, the others are counted: mostly they are
    the same mistake, seen by another check or in another format. All are in the report.
    """
    lines: list[str] = []
    shown: set[str] = set()
    also: dict[str, list[str]] = {}
    for result in certificate.refutations:
        if result.quantity in shown:
            also.setdefault(f"{result.check} {result.quantity}", []).append(result.format)
            continue
        shown.add(result.quantity)
        lines.append(indent(explanation(result), "  "))
    for what, formats in also.items():
        lines.append(f"  also refuted by {what} in {', '.join(formats)}")
    broken: dict[str, list[str]] = {}
    for result in certificate.results:
        if result.verdict == "broken":
            broken.setdefault(result.reason, []).append(
                f"{result.check} {result.quantity} {result.format}"
            )
    for reason, checks in broken.items():
        more = f" and {len(checks) - 1} more checks" if len(checks) > 1 else ""
        lines.append(f"  broken: {reason} ({checks[0]}{more})")
    return "\n".join([certificate.name, *lines]) if lines else ""
