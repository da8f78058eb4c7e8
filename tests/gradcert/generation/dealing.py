"""How the plan is made: which batches are dealt, of which sizes, in which contexts."""

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradcert.generation.contexts import (
    ALMOST_ALL,
    Context,
    Upstream,
    ignored_rows,
    upstream_gradients,
)
from gradcert.generation.dealers import UNLIKE, Dealer
from gradcert.generation.decks import Deck
from gradcert.generation.places import places
from gradcert.generation.plan import PlannedCase
from gradcert.generation.scope import Scope
from gradcert.generation.sizes import (
    FEW,
    large_batches,
    planned_classes,
    planned_rows,
    vocabularies,
)
from gradcert.generation.vectors import VECTORS

__all__ = ["Plan", "plan"]

_SMALL_BATCH = 17

_SQUARE = 3
"""Batches of short rows with as many rows as classes."""

_EVERYWHERE = 1025
"""Each of about this many classes is the label of a row, and has the largest number of another."""

_IN_SIGHT_CLASSES = 1 << 16
"""The vocabulary of which every class comes into sight has fewer."""

_THIN = 3
"""Batches of short rows, and of long ones, for each context in which almost every value is zero."""

_CAUSAL_CLASSES = 300
"""The most classes of rows that hide what comes after their number."""


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


def _sizes(scope: Scope) -> np.random.Generator:
    """Return what sizes are drawn from: all claims of an implementation have the same ones."""
    return np.random.default_rng(scope.seed)


def _masked_batches(
    dealer: Dealer, generator: np.random.Generator, lengths: Sequence[int]
) -> Iterator[PlannedCase]:
    """Yield a batch of each kind whose rows have related masks, if the scope has masks."""
    square = [n for n in lengths if n <= _CAUSAL_CLASSES]
    if square:
        yield dealer.causal(int(generator.choice(square)))
    if lengths:
        yield dealer.masked_alike(int(generator.choice(lengths)))


def _short(scope: Scope) -> Iterator[PlannedCase]:
    """Yield batches of short rows; each length is in a batch of many rows, and in one of few."""
    dealer, generator = Dealer(scope, 0), _sizes(scope)
    lengths = [n for n in range(1, FEW + 1) if scope.accepts(n)] or [scope.fewest]
    large, small = Deck(lengths, generator), Deck(lengths, generator)
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
    dealer, generator = Dealer(scope, 1), _sizes(scope)
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
    """Yield the cases, each in a context, and some again where almost every value is zero.

    These count for their contexts only, so that each size and each place is tried in full.
    """
    generator = scope.generator(2)
    hidden, gradients = ignored_rows(scope), upstream_gradients(scope)
    ignored = Deck([one for one in hidden if one not in ALMOST_ALL], generator)
    upstream = Deck([one for one in gradients if one is not Upstream.ZERO], generator)
    dealt = [replace(case, context=Context(ignored.deal(), upstream.deal())) for case in cases]
    yield from dealt
    sizes = _sizes(scope)
    for _ in range(_THIN):
        thin = [Context(one, upstream.deal()) for one in ALMOST_ALL if one in hidden]
        thin += [Context(ignored.deal(), one) for one in gradients if one is Upstream.ZERO]
        for context in thin:
            yield replace(dealt[sizes.integers(len(dealt))], context=context)


def _with_vectors(cases: Iterable[PlannedCase], scope: Scope) -> Iterator[PlannedCase]:
    """Yield the cases, each row with a kind of v, and with a place for its first number."""
    generator = scope.generator(3)
    kinds = Deck([kind.name for kind in VECTORS for _ in range(kind.often)], generator)
    poles = functools.cache(lambda classes: Deck(places(classes).tolist(), generator))
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
