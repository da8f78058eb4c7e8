"""The record of a run: what was timed and where, and the ratios that follow from it."""

from collections.abc import Sequence
from math import log
from statistics import linear_regression, median

import msgspec


class Spread(msgspec.Struct, frozen=True):
    """The median of several rounds, and the least and the most of them."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return the spread of some rounds.

        Examples
        --------
        >>> Spread.of([3.0, 1.0, 2.0])
        Spread(median=2.0, least=1.0, most=3.0)
        """
        return cls(median(values), min(values), max(values))

    @property
    def noise(self) -> float:
        """How far the rounds are apart."""
        return self.most - self.least


class Cell(msgspec.Struct, frozen=True):
    """The seconds that one subject took for one row, one number per round.

    There is none if the row took longer than the limit. The rounds of a cell are the first of the
    run, so that the rounds of two cells can be paired.
    """

    row: str
    format: str
    classes: int
    subject: str
    seconds: tuple[float, ...]


class Memory(msgspec.Struct, frozen=True):
    """The growth of a process's peak memory, in bytes, with the oracle's answer: one per round."""

    classes: int
    grown: tuple[int, ...]


class WholeRun(msgspec.Struct, frozen=True):
    """The seconds that a run of the command took on one core, and the limit: one per round."""

    name: str
    limit: float
    seconds: tuple[float, ...]


class Record(msgspec.Struct, frozen=True):
    """What ``make bench`` measured. The file ``benchmarks.json`` holds one.

    Attributes
    ----------
    date, command
        The day of the run, and what made it. Empty in a file that is older than these fields.
    """

    machine: str
    processor: str
    cores: int
    versions: dict[str, str]
    limit: int
    cells: tuple[Cell, ...]
    memory: tuple[Memory, ...]
    runs: tuple[WholeRun, ...] = ()
    date: str = ""
    command: str = ""

    def cell(self, row: str, format: str, classes: int, subject: str) -> Cell | None:
        """Return the cell, if it is there."""
        wanted = row, format, classes, subject
        cells = (
            cell
            for cell in self.cells
            if (cell.row, cell.format, cell.classes, cell.subject) == wanted
        )
        return next(cells, None)

    def ratios(self, cell: Cell, other: str) -> tuple[float, ...]:
        """Return its time divided by another subject's on the same row, for each round."""
        beside = self.cell(cell.row, cell.format, cell.classes, other)
        if beside is None:
            return ()
        return tuple(mine / its for mine, its in zip(cell.seconds, beside.seconds, strict=False))

    def ratio(self, row: str, format: str, classes: int, subject: str, other: str) -> Spread | None:
        """Return the spread of these ratios, if both were measured."""
        cell = self.cell(row, format, classes, subject)
        found = self.ratios(cell, other) if cell else ()
        return Spread.of(found) if found else None

    def in_floors(self, run: WholeRun) -> tuple[float, ...]:
        """Return a run's time divided by that of a floor of many classes, for each round."""
        floors = [
            cell
            for cell in self.cells
            if (cell.row, cell.format, cell.subject) == ("benign", "binary64", "floor")
        ]
        if not floors:
            return ()
        widest = max(floors, key=lambda cell: cell.classes)
        return tuple(took / its for took, its in zip(run.seconds, widest.seconds, strict=False))


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the power of x by which y grows: the slope of log y against log x.

    Examples
    --------
    >>> round(slope([(1, 3), (10, 300), (100, 30000)]), 6)
    2.0
    """
    x, y = zip(*points, strict=True)
    return linear_regression(list(map(log, x)), list(map(log, y))).slope
