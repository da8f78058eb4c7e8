"""What pages set out in tables and lists: a refuting row, who passes a check, what is broken."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite

from gradcert_reports.model.records import Certificate
from gradcert_reports.model.results import CheckResult, Discrepancy, Numbers, Verdict

__all__ = [
    "Cell",
    "Line",
    "Silent",
    "Table",
    "Tally",
    "hexadecimal",
    "refuting",
    "row",
    "silent",
    "tally",
]

_SHOWN = 12
"""Lines of a table; the failing one is shown besides."""

_WORST_FIRST: tuple[Verdict, ...] = ("refuted", "broken", "incomplete", "not supported")
"""The order of :attr:`Certificate.verdict`."""


@dataclass(frozen=True)
class Cell:
    """A number: in decimal, and in hexadecimal where it is one of the format under test."""

    decimal: str
    hexadecimal: str


@dataclass(frozen=True)
class Line:
    """What a line is about, whether the fault is there, and its numbers."""

    about: str
    failing: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """Numbers of the refuting row.

    Attributes
    ----------
    headings
        Of the first column, and of one for each cell of a line.
    lines
        One a class, or one a value of the answer.
    left_out
        How many lines are not shown.
    """

    headings: tuple[str, ...]
    lines: tuple[Line, ...]
    left_out: int


@dataclass(frozen=True)
class Tally:
    """How an implementation fares in a check: the worst verdict, and how many results have it."""

    verdict: Verdict | None
    count: int
    results: int


@dataclass(frozen=True)
class Silent:
    """Checks that gave no answer, all for one reason."""

    verdict: Verdict
    reason: str
    results: tuple[CheckResult, ...]


def hexadecimal(decimal: str) -> str:
    """Return a number in hexadecimal, which shows its bits; an empty text where it has none.

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


def row(numbers: Numbers, place: int) -> tuple[str, ...]:
    """Return a row of an array; an empty one where there is none."""
    return numbers[place] if 0 <= place < len(numbers) else ()


_Column = tuple[str, tuple[str, ...], bool]
"""Heading, numbers, and whether those are of the format under test."""


def _table(
    about: str, names: Iterable[str], columns: Iterable[_Column], failing: int | None
) -> Table:
    """Return columns of numbers as lines: the failing one and the first ones."""
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
                Cell(numbers[i], hexadecimal(numbers[i]) if ours else "")
                if i < len(numbers)
                else Cell("", "")
                for _, numbers, ours in filled
            ),
        )
        for i in sorted(shown)
    )
    return Table((about, *(heading for heading, _, _ in filled)), lines, len(every) - len(lines))


def refuting(found: Discrepancy) -> tuple[Table, ...]:
    """Return the refuting row: one table if the answer has a value for each class, else two.

    An answer of n * n values for n classes is a Jacobian, and its values are named i, j.
    """
    first = row(found.first, found.row)
    arguments: list[_Column] = [
        (
            {"logits": "logit", "probabilities": "probability"}.get(found.argument, "value"),
            first,
            True,
        ),
        ("target", row(found.targets, found.row), True),
    ]
    other = found.expected_is == "other"
    answers: list[_Column] = [
        ("the other answer" if other else "true value", found.expected, other),
        ("returned", found.returned, True),
    ]
    classes, values = len(first), max(len(found.expected), len(found.returned))
    numbers = list(map(str, range(max(classes, *(len(column[1]) for column in arguments)))))
    if values in (0, classes):
        return (_table("class", numbers, [*arguments, *answers], found.index),)
    named = list(map(str, range(values)))
    if classes > 1 and values == classes**2:
        named = [f"{i}, {j}" for i in range(classes) for j in range(classes)]
    about = "i, j" if named[0] == "0, 0" else "value"
    return (
        _table("class", numbers, arguments, None),
        _table(about, named, answers, found.index),
    )


def tally(certificate: Certificate, check: str) -> Tally:
    """Return how an implementation fares in a check over its quantities and formats."""
    found = [result.verdict for result in certificate.results if result.check == check]
    if not found:
        return Tally(None, 0, 0)
    worst: Verdict = next((one for one in _WORST_FIRST if one in found), "conforms")
    return Tally(worst, found.count(worst), len(found))


def silent(certificate: Certificate) -> list[Silent]:
    """Return the checks that are broken or not supported, those of one reason together."""
    found: dict[tuple[Verdict, str], list[CheckResult]] = {}
    for result in certificate.results:
        if result.verdict in ("broken", "not supported"):
            found.setdefault((result.verdict, result.reason), []).append(result)
    return [Silent(*about, tuple(results)) for about, results in found.items()]
