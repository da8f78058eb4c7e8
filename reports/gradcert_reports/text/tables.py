"""The tables and lists of the pages: the refuting row, the verdict by check, what is broken."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from math import isfinite

from gradcert_reports.model.records import Certificate
from gradcert_reports.model.results import CheckResult, Discrepancy
from gradcert_reports.model.rows import LongRow, Row, everywhere_else, kept, length
from gradcert_reports.model.verdict import Verdict, worst
from gradcert_reports.text.phrases import singular

__all__ = [
    "Cell",
    "Line",
    "Silent",
    "Table",
    "Tally",
    "hexadecimal",
    "refuting",
    "silent",
    "tally",
]

_SHOWN = 12
"""The first lines of a table; the failing line is shown as well."""

_MOST = 60
"""Lines of a table of a long row: more are only in a file that we did not write."""

_FILE = "certificate.json has all of them"
_PYTHON = "the Python code builds the whole row"


@dataclass(frozen=True)
class Cell:
    """A number in decimal; in hexadecimal too if it is a number of the format under test."""

    decimal: str
    hexadecimal: str


@dataclass(frozen=True)
class Line:
    """A line of a table: what it is about, whether the fault is there, and its numbers."""

    about: str
    failing: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """The numbers of the refuting row.

    Attributes
    ----------
    headings
        The heading of the first column, and one for each cell of a line.
    lines
        A line for each class, or for each value of the answer.
    left_out
        How many lines are not shown.
    elsewhere
        Where they are, in words that follow "lines are left out here".
    """

    headings: tuple[str, ...]
    lines: tuple[Line, ...]
    left_out: int
    elsewhere: str


@dataclass(frozen=True)
class Tally:
    """The results of one check: the worst verdict, how many have it, and how many there are.

    The verdict is None if the check has no result.
    """

    verdict: Verdict | None
    count: int
    results: int


@dataclass(frozen=True)
class Silent:
    """Checks that got no answer, all with the same verdict and for the same reason."""

    verdict: Verdict
    reason: str
    results: tuple[CheckResult, ...]


def hexadecimal(decimal: str) -> str:
    """Return a number in hexadecimal, which shows its bits; an empty text if it is not finite.

    Examples
    --------
    >>> hexadecimal("0.1"), hexadecimal("nan")
    ('0x1.999999999999ap-4', '')
    """
    try:
        number = float(decimal)
    except ValueError:
        return ""
    return number.hex() if isfinite(number) else ""


@dataclass(frozen=True)
class _Column:
    """A column of a table: its heading, its numbers, and whether they are numbers of the format."""

    heading: str
    row: Row
    of_format: bool

    def cell(self, number: str | None) -> Cell:
        """Return the cell of a number of this column."""
        if number is None:
            return Cell("", "")
        return Cell(number, hexadecimal(number) if self.of_format else "")


def _table(
    about: str, name: Callable[[int], str], columns: Iterable[_Column], failing: int | None
) -> Table:
    """Return columns of numbers as lines.

    The lines are the first ones and the failing one, or those of a long row that are kept. If the
    others have equal numbers in a column, one line for all of them has these.
    """
    filled = [column for column in columns if length(column.row)]
    count = max((length(column.row) for column in filled), default=0)
    known = [kept(column.row) for column in filled]
    long = any(isinstance(column.row, LongRow) for column in filled)
    places = {at for numbers in known for at in numbers if 0 <= at < count}
    shown = set(sorted(places)[: _MOST if long else _SHOWN])
    if failing is not None and 0 <= failing < count:
        shown.add(failing)
    rest = [everywhere_else(column.row) for column in filled]
    lines = [
        Line(
            name(at),
            at == failing,
            tuple(
                column.cell(numbers.get(at, other if at < length(column.row) else None))
                for column, numbers, other in zip(filled, known, rest, strict=True)
            ),
        )
        for at in sorted(shown)
    ]
    left_out = count - len(lines)
    if left_out and any(number is not None for number in rest):
        cells = (column.cell(number) for column, number in zip(filled, rest, strict=True))
        lines.append(Line("all others", False, tuple(cells)))
    return Table(
        headings=(about, *(column.heading for column in filled)),
        lines=tuple(lines),
        left_out=left_out,
        elsewhere=_PYTHON if long else _FILE,
    )


def _pair(classes: int, at: int) -> str:
    """Return the row and the column of a place in a Jacobian."""
    return f"{at // classes}, {at % classes}"


def refuting(found: Discrepancy) -> tuple[Table, ...]:
    """Return the refuting row: one table if the answer has a value for each class, else two.

    An answer of n * n values for n classes is a Jacobian, whose values are named i, j.
    """
    rows = found.row_arguments
    arguments = [_Column(singular(name), row, True) for name, row in rows.items()]
    if found.first_rows:
        arguments = [
            _Column(f"{singular(name)}, row {number}", row, True)
            for number, named in found.first_rows.items()
            for name, row in named.items()
        ]
    other = found.expected_is == "other"
    answers = [
        _Column("returned", found.returned, True),
        _Column("the other answer" if other else "true value", found.expected, other),
    ]
    classes = next((length(row) for row in rows.values()), 0)
    values = max(length(found.expected), length(found.returned))
    if values in (0, classes):
        return (_table("class", str, [*answers, *arguments], found.index),)
    table = partial(_table, "value", str)
    if classes > 1 and values == classes**2:
        table = partial(_table, "i, j", partial(_pair, classes))
    return (table(answers, found.index), _table("class", str, arguments, None))


def tally(certificate: Certificate, check: str) -> Tally:
    """Return the results of a check over all quantities and formats of an implementation."""
    verdicts = [result.verdict for result in certificate.results if result.check == check]
    if not verdicts:
        return Tally(None, 0, 0)
    return Tally(worst(verdicts), verdicts.count(worst(verdicts)), len(verdicts))


def silent(certificate: Certificate) -> list[Silent]:
    """Return the checks that are broken or not supported, grouped by verdict and reason.

    One error is one reason: where every call raises it, "for a batch of no rows" behind it is none.
    """
    quiet = [
        result
        for result in certificate.results
        if result.verdict in (Verdict.BROKEN, Verdict.NOT_SUPPORTED)
    ]
    found: dict[tuple[Verdict, str], list[CheckResult]] = {}
    for result in quiet:
        same = [
            other.reason
            for other in quiet
            if other.verdict == result.verdict and result.reason.startswith(f"{other.reason}, for ")
        ]
        reason = min(same, key=len, default=result.reason)
        found.setdefault((result.verdict, reason), []).append(result)
    return [
        Silent(verdict, reason, tuple(sorted(results, key=lambda one: one.reason != reason)))
        for (verdict, reason), results in found.items()
    ]
