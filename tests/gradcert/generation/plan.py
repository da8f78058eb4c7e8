"""The plan of cases: what every run tries of sizes, places, masks, values and targets.

The plan is data: cases, and the rows of each. :mod:`gradcert.generation.dealing` makes it from a
seed, and :mod:`gradcert.generation.filling` draws the numbers of a case.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from gradcert.generation.bands import Band
from gradcert.generation.contexts import PLAIN, Context
from gradcert.generation.masks import BLOCKS, CAUSAL, Mask
from gradcert.generation.places import names
from gradcert.generation.scope import Scope
from gradcert.generation.shapes import UNPLACED
from gradcert.generation.targets import LABELLED
from gradcert.generation.vectors import ONE_HOT

__all__ = ["Dimension", "Item", "PlannedCase", "PlannedRow"]


class Dimension(StrEnum):
    """What an item of the plan is about."""

    CLASSES = "classes"
    ROWS = "rows"
    BATCHES = "batches"
    PLACES = "places"
    MASKS = "masks"
    VALUES = "values"
    DIFFERENCES = "z - max z"
    OFFSETS = "offsets"
    PROBABILITIES = "log2 o"
    TARGETS = "targets"
    VECTORS = "v"
    IGNORED = "ignored rows"
    UPSTREAM = "upstream gradients"
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
class PlannedRow:
    """One row of the plan.

    Attributes
    ----------
    shape
        What its numbers look like.
    targets
        The kind of its targets.
    label, largest, second
        The classes of a one-hot target, of the largest number, and of the second largest.
    bands
        For a stratified row, where its numbers come from.
    offset
        Where the size of a common offset comes from; None for no offset.
    downwards
        Whether the offset is negative.
    mask
        Which classes are hidden, if some are.
    vector, pole
        The kind of v, and the class of its first number; empty where there is no v.
    """

    shape: str
    targets: str
    label: int
    largest: int
    second: int
    bands: tuple[Band, ...] = ()
    offset: Band | None = None
    downwards: bool = False
    mask: Mask | None = None
    vector: str = ""
    pole: int = 0


@dataclass(frozen=True)
class PlannedCase:
    """One case of the plan.

    Attributes
    ----------
    number
        Its place in the plan.
    rows, classes
        Its shape.
    unlike
        Its unlike rows, at most `rows` of them. If there are fewer, the batch repeats them.
    scope
        What it was planned for.
    also
        What its check tries beside its numbers.
    context
        Which rows are ignored, and the upstream gradient.
    """

    number: int
    rows: int
    classes: int
    unlike: tuple[PlannedRow, ...]
    scope: Scope
    also: tuple[Item, ...] = ()
    context: Context = PLAIN

    @property
    def size(self) -> int:
        """How many numbers its first argument has."""
        return self.rows * self.classes

    @functools.cached_property
    def items(self) -> frozenset[Item]:
        """What the case tries."""
        return frozenset((*self._items(), *self.also))

    def _masks_of_batch(self) -> Iterator[str]:
        """Yield what the masks of three unlike rows or more have in common."""
        masks = [row.mask for row in self.unlike]
        hidden = [mask is not None for mask in masks]
        in_place = [mask for mask in masks if mask is not None and mask.pattern in BLOCKS]
        if not len(masks) == self.rows > 2:
            return
        if hidden == [i % 2 == 1 for i in range(self.rows)]:
            yield "every second row"
        if len(in_place) == self.rows and len({*in_place}) == 1:
            yield "one mask for all rows"
        if all(row.mask == CAUSAL and row.label == i for i, row in enumerate(self.unlike[:-1])):
            yield "the classes after the number of the row"

    def _items(self) -> Iterator[Item]:
        if self.scope.loss.ignore_index is not None:
            yield Item(Dimension.IGNORED, self.context.ignored)
        if self.scope.upstream:
            yield Item(Dimension.UPSTREAM, self.context.upstream)
        if self.context.is_thin:
            return
        yield Item(Dimension.CLASSES, str(self.classes))
        yield Item(Dimension.ROWS, str(self.rows))
        compared = (self.rows > self.classes) - (self.rows < self.classes)
        beside = {-1: "fewer rows than", 0: "as many rows as", 1: "more rows than"}[compared]
        yield Item(Dimension.BATCHES, f"{beside} classes")
        yield from (Item(Dimension.MASKS, name) for name in self._masks_of_batch())
        banded = Dimension.DIFFERENCES if self.scope.logits else Dimension.PROBABILITIES
        for row in self.unlike:
            yield Item(Dimension.VALUES, row.shape)
            yield Item(Dimension.TARGETS, row.targets)
            if row.vector:
                yield from self._of_vector(row)
            yield from (Item(banded, str(band)) for band in row.bands)
            if row.offset is not None:
                moved = "down" if row.downwards else "up"
                yield Item(Dimension.OFFSETS, f"{moved} by {row.offset}")
            if row.mask is not None:
                yield Item(Dimension.MASKS, str(row.mask))
            elif row.shape not in UNPLACED:
                yield from self._places(row)

    def _of_vector(self, row: PlannedRow) -> Iterator[Item]:
        yield Item(Dimension.VECTORS, row.vector)
        if row.vector == ONE_HOT:
            for name in names(row.pole, self.classes):
                yield Item(Dimension.PLACES, f"v {name}")

    def _places(self, row: PlannedRow) -> Iterator[Item]:
        roles = {"largest": row.largest, "second largest": row.second}
        if row.targets == LABELLED:
            roles["label"] = row.label
        for role, place in roles.items():
            for name in names(place, self.classes):
                yield Item(Dimension.PLACES, f"{role} {name}")
