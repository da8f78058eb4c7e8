"""The numbers of a planned case: drawn by a generator, equal for equal cases."""

import functools
from dataclasses import replace

import numpy as np

from gradcert.core.case import Case, Regime
from gradcert.generation.bands import Band
from gradcert.generation.contexts import in_context
from gradcert.generation.draws import Seeded
from gradcert.generation.plan import PlannedCase, PlannedRow
from gradcert.generation.regimes import MASKED, OFFSET, Drawn
from gradcert.generation.scope import Scope
from gradcert.generation.shapes import (
    PLANNED_LOGITS,
    PLANNED_PROBABILITIES,
    SORTED,
    STRATIFIED,
    Shapes,
)
from gradcert.generation.targets import PLANNED_TARGETS
from gradcert.generation.vectors import VECTORS, in_range
from gradcert_implementations import Array

__all__ = ["filled"]


_KINDS = {kind.name: kind for kinds in PLANNED_TARGETS.values() for kind in kinds}


def _from_bands(source: Seeded, bands: tuple[Band, ...]) -> Array:
    low, high = np.array([band.low for band in bands]), np.array([band.high for band in bands])
    between: Array = low + (high - low) * source.generator.random(len(bands))
    return between


def _pattern(source: Seeded, row: PlannedRow, scope: Scope, classes: int) -> Array:
    """Return the unlike numbers of a row, at most as many as it has classes."""
    if row.shape == STRATIFIED and scope.logits:
        return np.array([0.0, *_from_bands(source, row.bands)])
    if row.shape == STRATIFIED:
        exponents = _from_bands(source, row.bands) if row.bands else np.zeros(1)
        probabilities: Array = np.exp2(np.append(exponents, exponents[:1]))
        return probabilities
    shapes: Shapes = PLANNED_LOGITS if scope.logits else PLANNED_PROBABILITIES
    drawn = min(classes, source.pattern)
    return shapes[row.shape](source, scope.format, scope.largest, drawn)


def _arranged(source: Seeded, pattern: Array, row: PlannedRow, classes: int) -> Array:
    """Return a pattern in a drawn order without a period, as long as the row.

    Every number comes at least once. The two largest come once and stand in their places, unless
    they are equal to others.
    """
    if row.shape in SORTED:
        return np.sort(np.resize(pattern, classes))[:: SORTED[row.shape]]
    ordered = np.sort(pattern)[::-1]
    others = ordered[2:] if len(ordered) > 2 else ordered[-1:]
    more = source.generator.integers(0, len(others), max(0, classes - len(ordered)))
    rest = np.concatenate([ordered[2:], others[more]])
    arranged = np.empty(classes)
    second = row.second if row.second != row.largest else (row.largest + 1) % classes
    free = np.ones(classes, bool)
    free[[row.largest, second]] = False
    arranged[free] = rest[source.generator.permutation(len(rest))]
    arranged[second] = ordered[min(1, len(ordered) - 1)]
    arranged[row.largest] = ordered[0]
    return arranged


def _within(numbers: Array, largest: float) -> Array:
    """Return the numbers moved into the range of logits, as few of them equal as possible."""
    numbers = numbers + max(0.0, -largest - numbers.min())
    moved: Array = numbers - max(0.0, numbers.max() - largest)
    return moved


def _in_range(targets: Array, point: Array, scope: Scope) -> Array:
    """Return the targets, smaller where their sum or ``t / o`` would be too large.

    A power of two keeps a sum of zero.
    """
    sum_of_sizes = np.abs(targets).sum()
    if sum_of_sizes > scope.heaviest:
        targets = targets * 2.0 ** np.floor(np.log2(scope.heaviest / sum_of_sizes))
    if not scope.logits:
        most = point * (scope.format.max / 4)
        targets = np.clip(targets, -most, most)
    return targets


_VECTORS = {kind.name: kind for kind in VECTORS}


def _vector(source: Seeded, drawn: Drawn, row: PlannedRow, case: PlannedCase) -> Array:
    """Return the v of a row: its first number in its place, and the others in no order."""
    classes, scope = case.classes, case.scope
    numbers = _VECTORS[row.vector].draw(source, scope.format, min(classes, source.pattern))
    others = numbers[1:] if classes > 1 else numbers
    v = others[source.generator.integers(0, len(others), classes)]
    v[row.pole] = numbers[0]
    return in_range(v, drawn.point.astype(np.float64), drawn.targets.astype(np.float64), scope)


def _row(source: Seeded, row: PlannedRow, case: PlannedCase) -> Drawn:
    scope, classes = case.scope, case.classes
    numbers = _arranged(source, _pattern(source, row, scope, classes), row, classes)
    changes: tuple[str, ...] = ()
    if row.offset is not None:
        size = source.number(row.offset.low, row.offset.high)
        numbers = _within(numbers + (-size if row.downwards else size), scope.largest)
        changes = (OFFSET,)
    numbers = numbers.clip(-scope.largest, scope.largest) if scope.logits else numbers
    numbers = numbers.astype(scope.format.dtype)
    visible = numbers.astype(np.float64)
    if row.mask is not None:
        hidden = row.mask.hidden(classes, row.label)
        numbers[hidden], visible[hidden] = row.mask.value, -np.inf
        changes = (*changes, MASKED)
    kind = _KINDS[row.targets]
    if kind.one_hot:
        allowed = np.flatnonzero(visible > -np.inf)
        targets = np.zeros(classes)
        targets[allowed[np.abs(allowed - row.label).argmin()]] = 1
    else:
        targets = _in_range(kind.draw(source, visible, scope.format), visible, scope)
    regime = Regime(row.shape, changes, row.targets, row.vector)
    drawn = Drawn(numbers, targets.astype(scope.format.dtype), regime)
    return replace(drawn, v=_vector(source, drawn, row, case)) if row.vector else drawn


_KEPT = 1 << 16
"""Numbers of a case that is kept for the next caller, at most: many larger ones fill memory."""


def filled(planned: PlannedCase) -> Case:
    """Return a planned case with its numbers.

    A batch that has more rows than unlike ones repeats them in a drawn order, without a period.

    Examples
    --------
    >>> from gradcert.core.claim import claims_of
    >>> from gradcert.generation.dealing import plan
    >>> from gradcert.generation.scope import scope_of
    >>> from gradcert_implementations import load
    >>> (claim,) = claims_of(load("numpy", quantities=["dE/dz"], formats=["binary32"]))
    >>> planned = plan(scope_of(claim, 0)).many[0]
    >>> filled(planned).point.shape == (planned.rows, planned.classes)
    True
    """
    return _kept(planned) if planned.size <= _KEPT else _filled(planned)


def _filled(planned: PlannedCase) -> Case:
    scope = planned.scope
    generator = scope.generator(planned.number)
    rows = [_row(Seeded(generator), row, planned) for row in planned.unlike]
    order = np.arange(planned.rows)
    if planned.rows > len(rows):
        order[len(rows) :] = generator.integers(0, len(rows), planned.rows - len(rows))
        order = generator.permutation(order)
    arguments = {
        "logits" if scope.logits else "probabilities": np.array([row.point for row in rows])[order],
        "targets": np.array([row.targets for row in rows])[order],
    }
    if scope.vectors:
        arguments["v"] = np.array([row.v for row in rows])[order]
    case = Case(arguments, tuple(rows[place].regime for place in order))
    return in_context(case, planned.context, scope, generator)


_kept = functools.lru_cache(maxsize=1024)(_filled)
