"""Rows of one regime, drawn by the thousand: each number is drawn for all rows at the same time."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from gradcert.checks.registry import is_linear
from gradcert.core.case import Case, Regime
from gradcert.core.claim import Claim
from gradcert.core.stored import LOGITS
from gradcert.generation.contexts import drawn_context, in_context, is_plain
from gradcert.generation.draws import Source
from gradcert.generation.regimes import MASKED, OFFSET
from gradcert.generation.scope import Scope, scope_of
from gradcert.generation.shapes import PLANNED_LOGITS, PLANNED_PROBABILITIES
from gradcert_implementations import Array

__all__ = ["NUMBERS", "drawn", "regimes_of"]

_LOGITS = ("benign", "confident", "saturated", "spread", "subnormal", "coarse", "negative")
_PROBABILITIES = ("benign", "tiny", "near one")
"""The shapes that draw each number by itself. The plan tries the others."""

NUMBERS = 1 << 16
"""Logits of a batch."""

_SOMETIMES = 0.25
"""The part of the batches that have an offset, masks, or a context."""

_WIDE = 0.05
"""The part of the batches that have long rows."""

_UNITS = 256
"""Targets are multiples of the inverse, so that they sum to exactly one in every format."""


class _Columns:
    """A source of numbers: a number is a vector, with one entry for each row.

    Integers choose places, and they are the same for all rows.
    """

    pattern = 1 << 20

    def __init__(self, generator: np.random.Generator, rows: int) -> None:
        self._generator, self._rows = generator, rows

    def number(self, low: float, high: float) -> Array:
        return self._generator.uniform(low, high, self._rows)

    def numbers(self, low: float, high: float, count: int) -> Array:
        # The difference of both may be too large for a float.
        part = self._generator.random((count, self._rows))
        between: Array = low * (1 - part) + high * part
        return between

    def integer(self, most: int, least: int = 0) -> int:
        return int(self._generator.integers(least, most, endpoint=True))

    def integers(self, most: int, count: int) -> Array:
        return self._generator.integers(0, most, (count, self._rows), endpoint=True)


def regimes_of(claim: Claim) -> Sequence[str]:
    """Return the regimes of a claim; none if an answer has more than one value for each class.

    Examples
    --------
    >>> from gradcert.core.claim import claims_of
    >>> from gradcert_implementations import load
    >>> (claim,) = claims_of(load("numpy", quantities=["dE/do"], formats=["binary32"]))
    >>> regimes_of(claim)
    ('benign', 'tiny', 'near one')
    """
    if claim.quantity.reduces or not is_linear(claim):
        return ()
    return _LOGITS if claim.point == LOGITS else _PROBABILITIES


def _classes(scope: Scope, generator: np.random.Generator) -> int:
    if scope.only is not None:
        return scope.only
    low, high = (7, 13) if generator.random() < _WIDE else (1, 6)
    return max(scope.fewest, round(2 ** generator.uniform(low, high)))


def _moved(point: Array, scope: Scope, generator: np.random.Generator) -> Array:
    """Return logits with an offset of any size."""
    sizes = scope.largest ** generator.random((len(point), 1))
    return point + np.where(generator.random((len(point), 1)) < 0.5, -sizes, sizes)


def _hidden(point: Array, generator: np.random.Generator) -> Array:
    """Return which logits are masked: any part of them, but never all of a row."""
    hidden: Array = generator.random(point.shape) < generator.random((len(point), 1))
    hidden[np.arange(len(point)), generator.integers(0, point.shape[1], len(point))] = False
    return hidden


def _one_hot(point: Array, generator: np.random.Generator) -> Array:
    """Return targets on the largest number of half of the rows, and anywhere in the others."""
    noise = generator.random(point.shape)
    sure = generator.random((len(point), 1)) < 0.5
    labels = np.where(sure, point, np.where(point > -np.inf, noise, -np.inf)).argmax(axis=1)
    targets: Array = np.zeros(point.shape)
    targets[np.arange(len(point)), labels] = 1
    return targets


def _weighted(point: Array, scope: Scope, generator: np.random.Generator) -> Array:
    """Return targets on many classes, as the domain has them."""
    shares = np.where(point > -np.inf, generator.exponential(size=point.shape), 0)
    units = generator.multinomial(_UNITS, shares / shares.sum(axis=1, keepdims=True))
    targets: Array = units / _UNITS
    if scope.targets == "probability":
        return targets
    targets = targets * np.exp2(generator.integers(-2, 3, (len(point), 1)))
    return targets if scope.targets == "any" else targets * generator.choice([-1, 1], point.shape)


def _vectors(point: Array, scope: Scope, generator: np.random.Generator) -> Array:
    """Return v of both signs and of all sizes; smaller in long rows, so that sums stay in range."""
    assert scope.vectors is not None
    sizes = np.exp2(generator.uniform(-scope.format.precision, 4, point.shape))
    v = np.where(generator.random(point.shape) < 0.5, -sizes, sizes)
    v *= 2.0 ** min(0, 4 - np.ceil(np.log2(point.shape[1])))
    return v if scope.vectors.masked else np.where(point > -np.inf, v, 0)


def drawn(claim: Claim, shape: str, generator: np.random.Generator) -> Case:
    """Draw a batch of unlike rows of a regime.

    Examples
    --------
    >>> from gradcert.core.claim import claims_of
    >>> from gradcert_implementations import load
    >>> (claim,) = claims_of(load("numpy", quantities=["dE/dz"], formats=["binary32"]))
    >>> case = drawn(claim, "benign", np.random.default_rng(0))
    >>> case.rows * case.classes > 60_000, case.point.dtype
    (True, dtype('float32'))
    """
    scope = scope_of(claim, 0)
    classes = _classes(scope, generator)
    source = cast("Source", _Columns(generator, max(1, NUMBERS // classes)))
    shapes = PLANNED_LOGITS if scope.logits else PLANNED_PROBABILITIES
    point = shapes[shape](source, scope.format, scope.largest, classes).T
    changes: tuple[str, ...] = ()
    if scope.logits:
        if shape == "benign" and generator.random() < _SOMETIMES:
            point, changes = _moved(point, scope, generator), (OFFSET,)
        point = point.clip(-scope.largest, scope.largest)
    point = np.ascontiguousarray(point, scope.format.dtype)
    if scope.masked and classes > 1 and generator.random() < _SOMETIMES:
        point[_hidden(point, generator)] = -np.inf
        changes = (*changes, MASKED)
    visible = point.astype(np.float64)
    weighted = scope.targets != "index" and generator.random() < 0.5
    targets = _weighted(visible, scope, generator) if weighted else _one_hot(visible, generator)
    arguments: dict[str, Any] = {claim.point: point, "targets": targets}
    if scope.vectors is not None:
        arguments["v"] = _vectors(visible, scope, generator)
    arguments = {name: one.astype(scope.format.dtype) for name, one in arguments.items()}
    regime = Regime(shape, changes, "weighted" if weighted else "one-hot")
    case = Case(arguments, (regime,) * len(point))
    if is_plain(scope) or generator.random() > _SOMETIMES:
        return case
    context, numbers = drawn_context(scope, int(generator.integers(1 << 16)))
    return in_context(case, context, scope, numbers)
