"""The figures of ``make bench``: how long each subject takes, and which targets hold."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import jinja2
from records import Record, Spread, slope
from timed import OURS, PEERS

MANY, FEW = 10_000, 10
"""The numbers of classes that the targets are about."""

MOST_FLOORS, LEAST_GRADCHECKS, MOST_BUDGETS, MOST_SLOPE = 6, 30, 1, 1.1
"""The targets. A slope of at most 1.1 is linear; fixed costs make it smaller than one."""

LINEAR_FROM = 1000
"""Slopes are taken from here: with fewer classes, fixed costs make them look flatter."""


def duration(seconds: float) -> str:
    """Return seconds with three digits.

    Examples
    --------
    >>> [duration(x) for x in (27.04, 0.0338, 0.000121, 432.1)]
    ['27.0 s', '33.8 ms', '121 us', '432 s']
    """
    if seconds >= 0.9995:
        return f"{digits(seconds)} s"
    return f"{digits(seconds * 1e3)} ms" if seconds >= 0.9995e-3 else f"{digits(seconds * 1e6)} us"


def digits(x: float) -> str:
    """Return a number with three digits, or with all digits before the point.

    Examples
    --------
    >>> [digits(x) for x in (0.04567, 3.14159, 27.04, 12345.6)]
    ['0.0457', '3.14', '27.0', '12,346']
    """
    if x >= 99.95:
        return f"{x:,.0f}"
    return f"{x:.1f}" if x >= 9.995 else f"{x:.2f}" if x >= 0.9995 else f"{x:#.3g}"


def around(spread: Spread) -> str:
    """Return a median, with the least and the most in brackets.

    Examples
    --------
    >>> around(Spread.of([3.0, 1.0, 2.0])), around(Spread.of([2.0]))
    ('2.00 (1.00 to 3.00)', '2.00')
    """
    if spread.noise == 0:
        return digits(spread.median)
    return f"{digits(spread.median)} ({digits(spread.least)} to {digits(spread.most)})"


@dataclass(frozen=True)
class Target:
    """A target, what was measured, and whether it holds. None if it was not measured."""

    claim: str
    measured: str
    holds: bool | None


def _ratio_target(
    claim: str,
    found: Iterable[tuple[str, Spread | None]],
    holds: Callable[[float], bool],
) -> Target:
    """Judge the largest of several ratios."""
    known = [(where, spread) for where, spread in found if spread]
    if not known:
        return Target(claim, "-", None)
    where, largest = max(known, key=lambda item: item[1].median)
    return Target(claim, f"{around(largest)}, {where}", holds(largest.median))


def _slope_target(what: str, points: list[tuple[int, float]]) -> Target:
    largest = f" up to {max(classes for classes, _ in points):,} classes" if points else ""
    claim = f"{what} grows linearly{largest}: the power of the classes is at most {MOST_SLOPE}"
    if len(points) < 2 or min(value for _, value in points) <= 0:
        return Target(claim, "-", None)
    power = slope(points)
    return Target(claim, f"{power:.3f}, from {LINEAR_FROM:,}", power <= MOST_SLOPE)


class Figures:
    """The content of the tables."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.sizes: list[int] = record.distinct(lambda cell: cell.classes)
        self.rows: list[tuple[str, str]] = record.distinct(lambda cell: (cell.row, cell.format))
        self.formats: list[str] = record.distinct(lambda cell: cell.format)
        self.subjects = (*OURS, *PEERS)

    def seconds(self, row: str, format: str, classes: int, subject: str) -> str:
        """Return the median time as text."""
        cell = self.record.cell(row, format, classes, subject)
        if cell is None:
            return "-"
        if not cell.seconds:
            return f"> {self.record.limit} s"
        return duration(Spread.of(cell.seconds).median)

    def times(self, row: str, format: str, classes: int, subject: str, other: str) -> str:
        """Return its time divided by the other's: the median, the least and the most."""
        found = self.record.ratio(row, format, classes, subject, other)
        return around(found) if found else "-"

    @property
    def memory(self) -> list[tuple[int, Spread]]:
        """The growth of the peak memory, for each number of classes."""
        return [(memory.classes, Spread.of(memory.grown)) for memory in self.record.memory]

    @property
    def targets(self) -> list[Target]:
        """The targets, each with what was measured."""
        ratio = self.record.ratio
        benign64 = [
            (cell.classes, Spread.of(cell.seconds).median)
            for cell in self.record.cells
            if (cell.row, cell.format, cell.subject) == ("benign", "binary64", "oracle")
            if cell.seconds and cell.classes >= LINEAR_FROM
        ]
        return [
            _ratio_target(
                f"at {MANY:,} classes the oracle takes at most {MOST_FLOORS} times the floor",
                [(f, ratio("benign", f, MANY, "oracle", "floor")) for f in self.formats],
                lambda x: x <= MOST_FLOORS,
            ),
            _ratio_target(
                f"at {MANY:,} classes gradcheck takes at least {LEAST_GRADCHECKS} times the oracle",
                [("binary64", ratio("benign", "binary64", MANY, "gradcheck", "oracle"))],
                lambda x: x >= LEAST_GRADCHECKS,
            ),
            _ratio_target(
                f"at {FEW} classes gradcheck takes longer than the oracle",
                [("binary64", ratio("benign", "binary64", FEW, "gradcheck", "oracle"))],
                lambda x: x > 1,
            ),
            _ratio_target(
                "budgets take no longer than the enclosures",
                [
                    (f"{f}, {n:,} classes", ratio("benign", f, n, "budgets", "oracle"))
                    for f in self.formats
                    for n in self.sizes
                ],
                lambda x: x <= MOST_BUDGETS,
            ),
            _slope_target("time", benign64),
            _slope_target(
                "memory",
                [(n, spread.median) for n, spread in self.memory if n >= LINEAR_FROM],
            ),
        ]


def page(record: Record) -> str:
    """Return the figures as Markdown."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=False,  # This is Markdown.
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"digits": digits}
    return environment.get_template("benchmarks.md.jinja").render(
        figures=Figures(record), record=record
    )
