"""The tables of a terminal: the implementations with their verdicts, and the ledger of claims.

Every cell is made by :func:`cell`: a table takes a plain text for markup.
"""

from collections.abc import Iterable

from rich import box
from rich.table import Table
from rich.text import Text

from gradcert_reports.model.records import Certificate, Report
from gradcert_reports.text.escape import printable
from gradcert_reports.text.phrases import lower_bound, reach, unnamed, verdict, where
from gradcert_reports.text.rows import arguments

__all__ = ["cell", "ledger", "summary"]


def cell(text: str, style: str = "") -> Text:
    r"""Return text as a cell of a table: on one line, no markup, and no command to a terminal.

    Examples
    --------
    >>> print(cell("[bold]a name\n\x1b[31m"))
    [bold]a name [31m
    """
    return Text(printable(text), style)


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)


def summary(certificates: Iterable[Certificate]) -> Table:
    """Return the table: verdict, level, most budgets used and where, and reach.

    On a narrow terminal, cells are wrapped between words, and the names of implementations within
    them. No heading is broken within a word.
    """
    table = _table()
    table.add_column("implementation", overflow="fold", min_width=14, max_width=28)
    table.add_column("verdict")
    table.add_column("level")
    table.add_column("budgets", justify="right", no_wrap=True)
    table.add_column("worst seen at", overflow="fold")
    table.add_column("reach")
    for certificate in certificates:
        worst = certificate.worst
        table.add_row(
            cell(certificate.name),
            cell(verdict(certificate), certificate.verdict.colours.terminal),
            cell(certificate.level or "-"),
            lower_bound(worst.worst if worst else None),
            cell(where(worst)),
            cell(reach(certificate)),
        )
    return table


def ledger(report: Report) -> Table:
    """Return the ledger of claims: the verdict on each, and what shows it."""
    table = _table()
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
            cell(entry.statement),
            cell(entry.where),
            cell(certificate.verdict + surprise, certificate.verdict.colours.terminal),
            cell(shown),
        )
    return table
