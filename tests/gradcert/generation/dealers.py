"""A dealer: it deals the rows of a part of the plan, and makes batches of them."""

import functools
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum, auto
from typing import TypeVar

from gradcert.generation.bands import differences, magnitudes, probabilities
from gradcert.generation.decks import Deck
from gradcert.generation.draws import Seeded
from gradcert.generation.masks import BLOCKS, CAUSAL, Mask, Pattern, masks
from gradcert.generation.places import places
from gradcert.generation.plan import PlannedCase, PlannedRow
from gradcert.generation.scope import Scope
from gradcert.generation.shapes import (
    EQUAL,
    PLANNED_LOGITS,
    PLANNED_PROBABILITIES,
    SATURATED,
    STRATIFIED,
    UNMOVED,
    UNPLACED,
)
from gradcert.generation.sizes import LONG, most_rows
from gradcert.generation.targets import PLANNED_TARGETS

__all__ = ["UNLIKE", "Dealer"]

_T = TypeVar("_T")

UNLIKE = 48
"""Unlike rows in a batch of short rows. A longer batch repeats them, in no order."""

_ALTERNATING_CLASSES = 512
"""Every third batch of fewer classes has a mask in every second row."""

_ALIKE = 6
"""Rows with one mask."""

_IN_SIGHT = Mask(Pattern.ALL_BUT_A_BLOCK, 2048)
"""Equal numbers in as many classes, and no others. A class that is missing in their sum, or comes
twice, changes it by 1/2048. A loop in binary32 may be off by some 2048 roundings, which is less."""


class _Kind(Enum):
    """What a row is there for."""

    PLACED = auto()
    """The label, the largest and the second largest number each in a special place."""
    SURE = auto()
    """The label on the largest number, where p - 1 cancels."""
    ARRANGED = auto()
    """Sorted numbers, or equal ones."""
    STRATIFIED = auto()
    """Numbers from bands without gaps, and the label on the largest: all other classes show."""
    FAR = auto()
    """The largest number far above all others, in the last class: who misses it overflows."""
    MASKED = auto()
    WEIGHTED = auto()
    """Targets that are not one-hot."""


class Dealer:
    """Deals the rows of a part of the plan, and the batches of each kind.

    Parameters
    ----------
    scope
        What the plan is for.
    part
        The number of the part: each draws the order of its cards by itself.
    """

    def __init__(self, scope: Scope, part: int) -> None:
        generator = scope.generator(part)

        def deck(cards: Sequence[_T]) -> Deck[_T]:
            return Deck(cards, generator)

        self._scope = scope
        self._generator = generator
        bands = differences if scope.logits else probabilities
        first, *others = PLANNED_TARGETS[scope.targets]
        self._plain = first.name
        self._has_weighted = bool(others)
        self._weighted = deck([one.name for one in others])
        shapes = PLANNED_LOGITS if scope.logits else PLANNED_PROBABILITIES
        placed = deck([shape for shape in shapes if shape not in UNPLACED])
        every = deck(list(shapes))
        self._shapes = {
            _Kind.PLACED: placed,
            _Kind.SURE: placed,
            _Kind.ARRANGED: deck([shape for shape in shapes if shape in UNPLACED]),
            _Kind.STRATIFIED: deck([STRATIFIED]),
            _Kind.FAR: deck([SATURATED]),
            _Kind.MASKED: every,
            _Kind.WEIGHTED: every,
        }
        self._bands = deck(bands(scope.format))
        sizes = magnitudes(scope.largest) if scope.logits else ()
        self._offsets = deck([*sizes, *[None] * (2 * len(sizes) + 1)])
        self._directions = deck([True, False])
        self._masks = deck(masks(scope.format, generator))
        self._mask_sure = deck([True, False])
        self._mask_weighted = deck([bool(others), False])
        self._largest = functools.cache(lambda classes: deck(places(classes).tolist()))
        # Of the few labels of a vocabulary all are far beyond the first block.
        self._labels = functools.cache(
            lambda classes: deck(
                [p for p in places(classes).tolist() if classes <= LONG or 2 * p >= classes]
            )
        )
        self._seconds = functools.cache(lambda classes: deck(places(classes).tolist()))
        self._alternating = deck([True, False, False])
        self._kinds = deck(
            [_Kind.PLACED, _Kind.PLACED, _Kind.SURE, _Kind.ARRANGED, _Kind.STRATIFIED]
            + [_Kind.MASKED] * scope.masked
            + [_Kind.WEIGHTED] * bool(others)
        )

    def _row(self, kind: _Kind, classes: int) -> PlannedRow:
        """Deal a row of a kind."""
        if classes == 1 and kind is _Kind.MASKED:
            kind = _Kind.PLACED
        if kind is _Kind.FAR and not self._scope.logits:
            kind = _Kind.PLACED
        shape = self._shapes[kind].deal()
        weighted = kind is _Kind.WEIGHTED or (kind is _Kind.MASKED and self._mask_weighted.deal())
        dealt = PlannedRow(
            shape=shape,
            targets=self._weighted.deal() if weighted else self._plain,
            label=int(self._generator.integers(classes)),
            largest=int(self._generator.integers(classes)),
            second=int(self._generator.integers(classes)),
            offset=None if shape in UNMOVED else self._offsets.deal(),
            downwards=self._directions.deal(),
        )
        match kind:
            case _Kind.MASKED:
                label = dealt.largest if self._mask_sure.deal() else dealt.label
                mask = self._masks.deal(lambda one: one.fits(classes))
                return replace(dealt, mask=mask, label=label)
            case _Kind.STRATIFIED:
                bands = tuple(self._bands.deal() for _ in range(min(classes - 1, Seeded.pattern)))
                return replace(dealt, label=dealt.largest, bands=bands)
            case _Kind.SURE:
                return replace(dealt, label=dealt.largest)
            case _Kind.FAR:
                return replace(dealt, label=self._labels(classes).deal(), largest=classes - 1)
            case _Kind.PLACED:
                label = self._labels(classes).deal()
                largest = self._largest(classes).deal()
                second = self._seconds(classes).deal(lambda p: classes == 1 or p != largest)
                return replace(dealt, label=label, largest=largest, second=second)
        return dealt

    def batch(self, rows: int, classes: int) -> PlannedCase:
        """Deal a batch of which some rows are unlike."""
        rows = min(rows, most_rows(classes))
        unlike = (self._row(self._kinds.deal(), classes) for _ in range(min(rows, UNLIKE)))
        return PlannedCase(0, rows, classes, tuple(unlike), self._scope)

    def long(self, classes: int) -> PlannedCase:
        """Deal a batch of long rows: labels and largest numbers in every place, and other rows."""
        count = len(places(classes))
        # One more, because the last place for the second largest may be that of the largest.
        kinds = [_Kind.PLACED] * (count + 1) + [_Kind.FAR]
        kinds += [_Kind.SURE, _Kind.ARRANGED, _Kind.STRATIFIED, _Kind.WEIGHTED] * (1 + count // 8)
        kinds = [kinds[place] for place in self._generator.permutation(len(kinds))]
        if classes < _ALTERNATING_CLASSES and self._alternating.deal():
            kinds = [one for kind in self._present(kinds) for one in (kind, _Kind.MASKED)]
        else:
            kinds += [_Kind.MASKED] * max(3, count // 4)
        return self._case(kinds, classes)

    def causal(self, classes: int) -> PlannedCase:
        """Deal as many rows as classes; each but the last hides the classes after its number."""
        rows = [self._row(_Kind.PLACED, classes) for _ in range(classes)]
        if self._scope.masked:
            masked = [replace(row, label=i, mask=CAUSAL) for i, row in enumerate(rows[:-1])]
            rows[:-1] = masked
        return PlannedCase(0, classes, classes, tuple(rows), self._scope)

    def masked_alike(self, classes: int) -> PlannedCase:
        """Deal a few rows that have one mask, with numbers of every kind."""
        fitting = self._masks.deal(lambda one: one.fits(classes) and one.pattern in BLOCKS)
        mask = fitting if self._scope.masked else None
        rows = (self._row(self._kinds.deal(), classes) for _ in range(_ALIKE))
        unlike = tuple(replace(row, mask=mask) for row in rows)
        return PlannedCase(0, _ALIKE, classes, unlike, self._scope)

    def vocabulary(self, classes: int) -> PlannedCase:
        """Deal a few rows of very many classes."""
        return self._case([*_Kind], classes)

    def everywhere(self, classes: int) -> PlannedCase:
        """Deal as many rows as classes: every class is a label, and the largest of another row."""
        rows = min(classes, most_rows(classes))
        labels, largest = (self._generator.permutation(classes).tolist() for _ in range(2))
        unlike = (
            replace(self._row(_Kind.FAR, classes), label=label, largest=place)
            for label, place in zip(labels[:rows], largest, strict=False)
        )
        return PlannedCase(0, rows, classes, tuple(unlike), self._scope)

    def in_sight(self, classes: int) -> PlannedCase:
        """Deal rows of equal numbers in one block, and nothing in sight elsewhere.

        Every class is in sight in one of them.
        """
        rows = max(2, -(-classes // _IN_SIGHT.block))
        fits = _IN_SIGHT.fits(classes) and rows <= most_rows(classes)
        if not (self._scope.masked and fits):
            return self.batch(rows, classes)
        unlike = []
        for first in range(0, classes, _IN_SIGHT.block):
            label = int(self._generator.integers(first, min(first + _IN_SIGHT.block, classes)))
            dealt = self._row(_Kind.SURE, classes)
            unlike.append(replace(dealt, shape=EQUAL, mask=_IN_SIGHT, label=label))
        return PlannedCase(0, rows, classes, tuple(unlike), self._scope)

    def _present(self, kinds: Sequence[_Kind]) -> list[_Kind]:
        absent = {_Kind.MASKED} if not self._scope.masked else set()
        absent |= {_Kind.WEIGHTED} if not self._has_weighted else set()
        return [kind for kind in kinds if kind not in absent]

    def _case(self, kinds: Sequence[_Kind], classes: int) -> PlannedCase:
        """Deal one row of each kind that the scope has."""
        kinds = self._present(kinds)[: most_rows(classes)]
        unlike = tuple(self._row(kind, classes) for kind in kinds)
        return PlannedCase(0, len(unlike), classes, unlike, self._scope)
