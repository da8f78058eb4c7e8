"""The figures of ``make bench``: how long each subject takes, and which targets hold."""

import operator
from functools import partial
from pathlib import Path

import jinja2
from records import Record, Spread, slope
from suite_tables import SuiteFigures
from timed import BESIDE, OPTIONS, OURS, PEERS, PLAIN, VECTOR, WITH_OPTIONS
from wording import Target, around, digits, duration, ratio_target

from gradcert_oracle import HESSIAN_VECTOR_PRODUCT

MANY, FEW = 10_000, 10
"""The numbers of classes that the targets are about."""

MOST_FLOORS, LEAST_GRADCHECKS, MOST_BUDGETS, MOST_SLOPE = 6, 30, 1, 1.1
"""The targets. A slope of at most 1.1 is linear; fixed costs make it smaller than one."""

MOST_FLOORS_BESIDE = {HESSIAN_VECTOR_PRODUCT: 4}
"""The targets of the quantities beside the gradient; that of the others is two floors."""

MOST_WITH = {"softcap": 4}
"""The most times of the plain loss that a loss with this option may take; with another one, two."""

LINEAR_FROM = 1000
"""Slopes are taken from here: with fewer classes, fixed costs make them look flatter."""


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
        cells = [cell for cell in record.cells if cell.subject == "oracle"]
        self.sizes = list(dict.fromkeys(cell.classes for cell in cells))
        self.rows = list(dict.fromkeys((cell.row, cell.format) for cell in cells))
        self.formats = list(dict.fromkeys(cell.format for cell in cells))
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
    def beside(self) -> dict[str, int]:
        """The most floors that each quantity beside the gradient may take, by its name."""
        return {name: MOST_FLOORS_BESIDE.get(one, 2) for name, one in BESIDE.items()}

    @property
    def options(self) -> dict[str, int]:
        """The most times of the plain loss that a loss with each option may take."""
        return {name: MOST_WITH.get(name, 2) for name in OPTIONS}

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
            ratio_target(
                f"at {MANY:,} classes the oracle takes at most {MOST_FLOORS} times the floor",
                [(f, ratio("benign", f, MANY, "oracle", "floor")) for f in self.formats],
                lambda x: x <= MOST_FLOORS,
            ),
            ratio_target(
                f"at {MANY:,} classes gradcheck takes at least {LEAST_GRADCHECKS} times the oracle",
                [("binary64", ratio("benign", "binary64", MANY, "gradcheck", "oracle"))],
                lambda x: x >= LEAST_GRADCHECKS,
            ),
            ratio_target(
                f"at {FEW} classes gradcheck takes longer than the oracle",
                [("binary64", ratio("benign", "binary64", FEW, "gradcheck", "oracle"))],
                lambda x: x > 1,
            ),
            ratio_target(
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
            *(
                ratio_target(
                    f"at {MANY:,} classes {name} takes at most {most} times the floor",
                    [(f, ratio(VECTOR, f, MANY, name, "floor")) for f in self.formats],
                    partial(operator.ge, most),
                )
                for name, most in self.beside.items()
            ),
            *(
                ratio_target(
                    f"at {MANY:,} classes {name} takes at most {most} times the plain loss",
                    [(f, ratio(WITH_OPTIONS, f, MANY, name, PLAIN)) for f in self.formats],
                    partial(operator.ge, most),
                )
                for name, most in self.options.items()
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
    environment.filters |= {"digits": digits, "around": around}
    return environment.get_template("benchmarks.md.jinja").render(
        figures=Figures(record), suite=SuiteFigures(record), record=record
    )
