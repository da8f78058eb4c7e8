"""The plan of coverage: what every run tries of sizes, places, masks, values and targets.

The plan is data. It says which rows a case has; :mod:`gradcert.generation.filling` draws numbers
for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Dimension", "Item", "PlannedCase"]


class Dimension(StrEnum):
    """What an item of the plan is about."""

    CLASSES = "classes"
    ROWS = "rows"
    PLACES = "places"
    MASKS = "masks"
    VALUES = "values"
    TARGETS = "targets"
    LAYOUTS = "layouts"


@dataclass(frozen=True)
class Item:
    """One thing that the plan tries.

    Attributes
    ----------
    dimension
        What it is about.
    label
        Its name, as a certificate shows it: ``4097``, ``label in the last class``, ...
    """

    dimension: Dimension
    label: str


@dataclass(frozen=True)
class PlannedCase:
    """One case of the plan.

    Attributes
    ----------
    rows, classes
        Its shape.
    """

    rows: int
    classes: int

    @property
    def items(self) -> Iterator[Item]:
        """Yield what the case tries."""
        yield Item(Dimension.CLASSES, str(self.classes))
        yield Item(Dimension.ROWS, str(self.rows))
