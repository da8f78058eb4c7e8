"""How the plan is made: items are dealt like cards, each once before one comes up again."""

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Generic, TypeVar

import numpy as np

from gradcert.generation.bands import differences, magnitudes, probabilities
from gradcert.generation.contexts import Context, ignored_rows, upstream_gradients
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
from gradcert.generation.sizes import (
    FEW,
    LONG,
    large_batches,
    planned_classes,
    planned_rows,
    vocabularies,
)
from gradcert.generation.targets import PLANNED_TARGETS
from gradcert.generation.vectors import VECTORS

__all__ = ["UNLIKE", "Plan", "plan"]

_T = TypeVar("_T")

UNLIKE = 48
"""Unlike rows in a batch of short rows. A longer batch repeats them, in no order."""

_SMALL_BATCH = 17

_SQUARE = 3
"""Batches of short rows with as many rows as classes."""

_MOST_LOGITS = 1 << 21
"""A batch of many classes has fewer rows, so that it fits into memory."""

_ALTERNATING_CLASSES = 512
"""Every third batch of fewer classes has a mask in every second row."""


_ALIKE = 6
"""Rows with one mask."""

_EVERYWHERE = 1025
"""Each of about this many classes is the label of a row, and has the largest number of another."""

_IN_SIGHT = Mask(Pattern.ALL_BUT_A_BLOCK, 2048)
"""Equal numbers in as many classes, and no others. A class that is missing in their sum, or comes
twice, changes it by 1/2048. A loop in binary32 may be off by some 2048 roundings, which is less."""

_IN_SIGHT_CLASSES = 1 << 16
"""The vocabulary of which every class comes into sight has fewer."""

_CAUSAL_CLASSES = 300
"""The most classes of rows that hide what comes after their number."""


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


@dataclass(frozen=True)
class Plan:
    """The cases of a scope, from short rows to long ones, and from few rows to many.

    Attributes
    ----------
    few
        Batches of short rows, of at most 17 classes.
    many
        Batches of long rows.
    """

    few: tuple[PlannedCase, ...]
    many: tuple[PlannedCase, ...]


class _Deck(Generic[_T]):
    """Cards that are dealt in a drawn order. Where no card that fits is left, all come again."""

    def __init__(self, cards: Sequence[_T], generator: np.random.Generator) -> None:
        self._cards = cards
        self._generator = generator
        self._left: list[_T] = []

    def deal(self, fits: Callable[[_T], bool] = lambda _: True) -> _T:
        """Return the next card that fits. One of them must."""
        for _ in range(2):
            for place, card in enumerate(self._left):
                if fits(card):
                    return self._left.pop(place)
            shuffled = self._generator.permutation(len(self._cards)).tolist()
            self._left += [self._cards[card] for card in shuffled]
        raise LookupError("no card fits")


class _Dealer:
    """Deals the rows of a part of the plan."""

    def __init__(self, scope: Scope, part: int) -> None:
        generator = scope.generator(part)

        def deck(cards: Sequence[_T]) -> _Deck[_T]:
            return _Deck(cards, generator)

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

    def row(self, kind: _Kind, classes: int) -> PlannedRow:
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
        rows = min(rows, max(2, _MOST_LOGITS // classes))
        unlike = (self.row(self._kinds.deal(), classes) for _ in range(min(rows, UNLIKE)))
        return PlannedCase(0, rows, classes, tuple(unlike), self._scope)

    def long(self, classes: int) -> PlannedCase:
        """Deal a batch of long rows: labels and largest numbers in every place, and other rows."""
        count = len(places(classes))
        # One more, because the last place for the second largest may be that of the largest.
        kinds = [_Kind.PLACED] * (count + 1) + [_Kind.FAR]
        kinds += [_Kind.SURE, _Kind.ARRANGED, _Kind.STRATIFIED, _Kind.WEIGHTED] * (1 + count // 8)
        kinds = [kinds[place] for place in self._generator.permutation(len(kinds))]
        hidden = max(3, count // 4)
        if classes < _ALTERNATING_CLASSES and self._alternating.deal():
            hidden = len(kinds)
            kinds = [one for kind in kinds for one in (kind, _Kind.MASKED)]
        else:
            kinds += [_Kind.MASKED] * hidden
        return self._case(kinds, classes)

    def causal(self, classes: int) -> PlannedCase:
        """Deal as many rows as classes; each but the last hides the classes after its number."""
        rows = [self.row(_Kind.PLACED, classes) for _ in range(classes)]
        if self._scope.masked:
            masked = [replace(row, label=i, mask=CAUSAL) for i, row in enumerate(rows[:-1])]
            rows[:-1] = masked
        return PlannedCase(0, classes, classes, tuple(rows), self._scope)

    def masked_alike(self, classes: int) -> PlannedCase:
        """Deal a few rows that have one mask, with numbers of every kind."""
        fitting = self._masks.deal(lambda one: one.fits(classes) and one.pattern in BLOCKS)
        mask = fitting if self._scope.masked else None
        rows = (self.row(self._kinds.deal(), classes) for _ in range(_ALIKE))
        unlike = tuple(replace(row, mask=mask) for row in rows)
        return PlannedCase(0, _ALIKE, classes, unlike, self._scope)

    def vocabulary(self, classes: int) -> PlannedCase:
        """Deal a few rows of very many classes."""
        return self._case([*_Kind], classes)

    def everywhere(self, classes: int) -> PlannedCase:
        """Deal as many rows as classes: every class is a label, and the largest of another row."""
        rows = min(classes, max(2, _MOST_LOGITS // classes))
        labels, largest = (self._generator.permutation(classes).tolist() for _ in range(2))
        unlike = (
            replace(self.row(_Kind.FAR, classes), label=label, largest=place)
            for label, place in zip(labels[:rows], largest, strict=False)
        )
        return PlannedCase(0, rows, classes, tuple(unlike), self._scope)

    def in_sight(self, classes: int) -> PlannedCase:
        """Deal rows of equal numbers in one block, and nothing in sight elsewhere.

        Every class is in sight in one of them.
        """
        rows = max(2, -(-classes // _IN_SIGHT.block))
        fits = _IN_SIGHT.fits(classes) and rows * classes <= _MOST_LOGITS
        if not (self._scope.masked and fits):
            return self.batch(rows, classes)
        unlike = []
        for first in range(0, classes, _IN_SIGHT.block):
            label = int(self._generator.integers(first, min(first + _IN_SIGHT.block, classes)))
            dealt = self.row(_Kind.SURE, classes)
            unlike.append(replace(dealt, shape=EQUAL, mask=_IN_SIGHT, label=label))
        return PlannedCase(0, rows, classes, tuple(unlike), self._scope)

    def _case(self, kinds: Sequence[_Kind], classes: int) -> PlannedCase:
        """Deal one row of each kind that the scope has."""
        absent = {_Kind.MASKED} if not self._scope.masked else set()
        absent |= {_Kind.WEIGHTED} if not self._has_weighted else set()
        kinds = [kind for kind in kinds if kind not in absent]
        kinds = kinds[: max(2, _MOST_LOGITS // classes)]
        unlike = tuple(self.row(kind, classes) for kind in kinds)
        return PlannedCase(0, len(unlike), classes, unlike, self._scope)


def _sizes(scope: Scope) -> np.random.Generator:
    """Return what sizes are drawn from: all claims of an implementation have the same ones."""
    return np.random.default_rng(scope.seed)


def _masked_batches(
    dealer: _Dealer, generator: np.random.Generator, lengths: Sequence[int]
) -> Iterator[PlannedCase]:
    """Yield a batch of each kind whose rows have related masks, if the scope has masks."""
    square = [n for n in lengths if n <= _CAUSAL_CLASSES]
    if square:
        yield dealer.causal(int(generator.choice(square)))
    if lengths:
        yield dealer.masked_alike(int(generator.choice(lengths)))


def _short(scope: Scope) -> Iterator[PlannedCase]:
    """Yield batches of short rows; each length is in a batch of many rows, and in one of few."""
    dealer, generator = _Dealer(scope, 0), _sizes(scope)
    lengths = [n for n in range(1, FEW + 1) if scope.accepts(n)] or [scope.fewest]
    large, small = _Deck(lengths, generator), _Deck(lengths, generator)
    *batches, huge = planned_rows(generator)
    for rows in batches:
        yield dealer.batch(rows, (small if rows <= _SMALL_BATCH else large).deal())
    for _ in range(_SQUARE):
        classes = small.deal()
        yield dealer.batch(classes, classes)
    some = int(generator.integers(2, 7))
    yield dealer.batch(huge, min(lengths, key=lambda n: abs(n - some)))
    yield from _masked_batches(dealer, generator, [n for n in lengths if n > 2])


def _long(scope: Scope) -> Iterator[PlannedCase]:
    dealer, generator = _Dealer(scope, 1), _sizes(scope)
    wide = [n for n in planned_classes(generator) if scope.accepts(n)]
    widest = [n for n in vocabularies(generator) if scope.accepts(n)] or [scope.fewest]
    yield from map(dealer.long, wide)
    yield from map(dealer.vocabulary, widest)
    yield dealer.batch(1, int(generator.choice(widest)))
    yield dealer.in_sight(max((n for n in widest if n < _IN_SIGHT_CLASSES), default=widest[0]))
    if scope.only is not None:  # No other number of classes has many rows of every kind.
        yield dealer.batch(UNLIKE, widest[0])
    if wide:
        yield dealer.everywhere(min(wide, key=lambda n: abs(n - _EVERYWHERE)))
        for shape in large_batches(generator, wide):
            yield dealer.batch(shape.rows, shape.classes)
    yield from _masked_batches(dealer, generator, wide)


def _in_contexts(cases: Iterable[PlannedCase], scope: Scope) -> Iterator[PlannedCase]:
    """Yield the cases, each in a context."""
    generator = scope.generator(2)
    ignored = _Deck(ignored_rows(scope), generator)
    upstream = _Deck(upstream_gradients(scope), generator)
    for case in cases:
        yield replace(case, context=Context(ignored.deal(), upstream.deal()))


def _with_vectors(cases: Iterable[PlannedCase], scope: Scope) -> Iterator[PlannedCase]:
    """Yield the cases, each row with a kind of v, and with a place for its first number."""
    generator = scope.generator(3)
    kinds = _Deck([kind.name for kind in VECTORS for _ in range(kind.often)], generator)
    poles = functools.cache(lambda classes: _Deck(places(classes).tolist(), generator))
    for case in cases:
        dealt = (
            replace(row, vector=kinds.deal(), pole=poles(case.classes).deal())
            for row in case.unlike
        )
        yield replace(case, unlike=tuple(dealt))


def _numbered(cases: Iterable[PlannedCase], first: int) -> tuple[PlannedCase, ...]:
    """Return the cases from short rows to long ones, with their numbers in the plan."""
    ordered = sorted(cases, key=lambda case: (case.classes, case.rows))
    return tuple(replace(case, number=first + place) for place, case in enumerate(ordered))


@functools.lru_cache(maxsize=64)
def plan(scope: Scope) -> Plan:
    """Return the plan of a scope; equal scopes have the same one.

    Examples
    --------
    >>> from gradcert.core.claim import claims_of
    >>> from gradcert.generation.scope import scope_of
    >>> from gradcert_implementations import load
    >>> (claim,) = claims_of(load("numpy", quantities=["dE/dz"], formats=["binary32"]))
    >>> found = plan(scope_of(claim, 0))
    >>> {case.classes for case in found.few} == {*range(1, 18)}
    True
    >>> found.many[0].classes > 17, 32000 in {case.classes for case in found.many}
    (True, True)
    """
    short, long = _in_contexts(_short(scope), scope), _in_contexts(_long(scope), scope)
    if scope.vectors:
        short, long = _with_vectors(short, scope), _with_vectors(long, scope)
    few = _numbered(short, 0)
    return Plan(few, _numbered(long, len(few)))
