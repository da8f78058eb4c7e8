"""The tables and lists of the pages: the refuting row, the verdict by check, what is broken."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite

from gradcert_reports.model.records import Certificate
from gradcert_reports.model.results import CheckResult, Discrepancy
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
    """

    headings: tuple[str, ...]
    lines: tuple[Line, ...]
    left_out: int


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
    """Checks that got no answer, all with the same verdict and reason."""

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


_Column = tuple[str, tuple[str, ...], bool]
"""A heading, numbers, and whether they are numbers of the format under test."""


def _table(
    about: str, names: Iterable[str], columns: Iterable[_Column], failing: int | None
) -> Table:
    """Return columns of numbers as lines: the first ones and the failing one."""
    filled = [column for column in columns if column[1]]
    every = list(names)
    shown = set(range(min(_SHOWN, len(every))))
    if failing is not None and 0 <= failing < len(every):
        shown.add(failing)
    lines = tuple(
        Line(
            every[i],
            i == failing,
            tuple(
                Cell(numbers[i], hexadecimal(numbers[i]) if of_format else "")
                if i < len(numbers)
                else Cell("", "")
                for _, numbers, of_format in filled
            ),
        )
        for i in sorted(shown)
    )
    return Table((about, *(heading for heading, _, _ in filled)), lines, len(every) - len(lines))


def refuting(found: Discrepancy) -> tuple[Table, ...]:
    """Return the refuting row: one table if the answer has a value for each class, else two.

    An answer of n * n values for n classes is a Jacobian, whose values are named i, j.
    """
    arguments: list[_Column] = [
        (singular(name), numbers, True) for name, numbers in found.row_arguments.items()
    ]
    other = found.expected_is == "other"
    answers: list[_Column] = [
        ("the other answer" if other else "true value", found.expected, other),
        ("returned", found.returned, True),
    ]
    lengths = [len(numbers) for _, numbers, _ in arguments] or [0]
    classes, values = lengths[0], max(len(found.expected), len(found.returned))
    numbers = list(map(str, range(max(lengths))))
    if values in (0, classes):
        return (_table("class", numbers, [*arguments, *answers], found.index),)
    about, named = "value", list(map(str, range(values)))
    if classes > 1 and values == classes**2:
        about, named = "i, j", [f"{i}, {j}" for i in range(classes) for j in range(classes)]
    return (
        _table("class", numbers, arguments, None),
        _table(about, named, answers, found.index),
    )


def tally(certificate: Certificate, check: str) -> Tally:
    """Return the results of a check over all quantities and formats of an implementation."""
    verdicts = [result.verdict for result in certificate.results if result.check == check]
    if not verdicts:
        return Tally(None, 0, 0)
    return Tally(worst(verdicts), verdicts.count(worst(verdicts)), len(verdicts))


def silent(certificate: Certificate) -> list[Silent]:
    """Return the checks that are broken or not supported, grouped by verdict and reason."""
    found: dict[tuple[Verdict, str], list[CheckResult]] = {}
    for result in certificate.results:
        if result.verdict in (Verdict.BROKEN, Verdict.NOT_SUPPORTED):
            found.setdefault((result.verdict, result.reason), []).append(result)
    return [Silent(*about, tuple(results)) for about, results in found.items()]
