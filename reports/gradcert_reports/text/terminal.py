"""The tables of a terminal: the implementations with their verdicts, and the ledger of claims.

Every cell is made by :func:`cell`: a table takes a plain text for markup.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from gradcert_reports.model.records import Certificate, Report
from gradcert_reports.text.escape import printable
from gradcert_reports.text.phrases import lower_bound, reach, unnamed, verdict, where
from gradcert_reports.text.rows import arguments

__all__ = ["cell", "ledger", "summary"]


def cell(text: str, style: str = "") -> Text:
    r"""Return text as a cell of a table: on one line, no markup, and no command to a terminal.

    Returns
    -------
    A text of rich, with its style.

    Examples
    --------
    >>> print(cell("[bold]a name\n\x1b[31m"))
    [bold]a name [31m
    """
    return Text(printable(text), style)


_HEADINGS = ("implementation", "verdict", "level", "budgets", "worst seen at", "reach")

_ROOM = (28, len(_HEADINGS[0]))
"""Columns for names: a longer name has a line of its own. The second is tried where it is tight."""

_PLACE = "gradcert_place"
"""The key of what a verdict in the table carries: the place of its certificate."""


_WIDE = 1 << 16
"""Columns of a terminal on which everything fits."""


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)


def _cells(certificate: Certificate) -> list[Text]:
    """Return what the table says of a certificate beside its name."""
    worst = certificate.worst
    return [
        cell(verdict(certificate), certificate.verdict.colours.terminal),
        cell(certificate.level or "-"),
        cell(lower_bound(worst.worst if worst else None)),
        cell(where(worst)),
        cell(reach(certificate)),
    ]


@dataclass(frozen=True)
class _Summary:
    """What :func:`summary` returns: rich asks it for its lines, and says how wide they may be."""

    certificates: Sequence[Certificate]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for room in _ROOM:
            table = self._table(room)
            widest = Measurement.get(console, options.update(max_width=_WIDE), table)
            if widest.minimum <= options.max_width:
                yield from self._with_long_names(
                    console.render_lines(table, options, pad=False), room
                )
                return
        yield from self._lists()

    def _table(self, room: int) -> Table:
        table = _table()
        for heading in _HEADINGS:
            number = heading == "budgets"
            table.add_column(
                heading,
                justify="right" if number else "left",
                no_wrap=number or heading == _HEADINGS[0],
                overflow="fold" if heading == "worst seen at" else "ellipsis",
            )
        for place, certificate in enumerate(self.certificates):
            found, *cells = _cells(certificate)
            found.stylize(Style.from_meta({_PLACE: place}))
            name = cell(certificate.name)
            table.add_row(name if name.cell_len <= room else "", found, *cells)
        return table

    def _with_long_names(self, lines: Iterable[list[Segment]], room: int) -> RenderResult:
        """Yield the lines of the table, and above its row each name that has no place there."""
        named: set[int] = set()
        for line in lines:
            found = (one.style.meta for one in line if one.style)
            for place in {int(meta[_PLACE]) for meta in found if _PLACE in meta} - named:
                named.add(place)
                name = Text(" ").append_text(cell(self.certificates[place].name))
                if name.cell_len > room + 1:
                    yield _whole(name)
            yield from line
            yield Segment.line()

    def _lists(self) -> RenderResult:
        """Yield a line for each name and each cell."""
        for certificate in self.certificates:
            yield _whole(cell(certificate.name))
            for heading, found in zip(_HEADINGS[1:], _cells(certificate), strict=True):
                yield Text.assemble(f"  {heading}: ", found)


def _whole(name: Text) -> Text:
    """Return a name that is not broken, however wide the terminal is."""
    name.no_wrap, name.overflow = True, "ignore"
    return name


def summary(certificates: Iterable[Certificate]) -> RenderableType:
    """Return the table: verdict, level, most budgets used and where, and reach.

    On a narrow terminal, cells are wrapped between words, and a long name stands on a line of its
    own, above its row. Where not even the headings fit, each implementation is a list. No name is
    broken: print it with ``crop=False``, because a name may be wider than the terminal.

    Returns
    -------
    What a console of rich prints.
    """
    return _Summary(tuple(certificates))


def ledger(report: Report) -> Table:
    """Return the ledger of claims: the verdict on each, and what shows it.

    Returns
    -------
    A table of rich, with a row for each entry.
    """
    table = _table()
    table.add_column("", justify="right")
    table.add_column("claim")
    table.add_column("for")
    table.add_column("verdict", no_wrap=True)
    table.add_column("shown by", overflow="fold")
    for entry in report.ledger:
        certificate = report.certificates[entry.certificate]
        found = certificate.refutations[0].discrepancy if certificate.refutations else None
        shown = ", ".join(filter(None, (f"{certificate.cases} cases", certificate.level)))
        if found is not None:
            named = [d.matches[0].flaw for d in certificate.diagnoses if not unnamed(d)]
            shown = f"{', '.join([*named, arguments(found)])}: {found.statement}"
        surprising = certificate.verdict != entry.expected
        surprise = f", but {entry.expected} was expected" if surprising else ""
        table.add_row(
            str(entry.claim),
            cell(entry.statement),
            cell(entry.where),
            cell(certificate.verdict + surprise, certificate.verdict.colours.terminal),
            cell(shown),
        )
    return table
