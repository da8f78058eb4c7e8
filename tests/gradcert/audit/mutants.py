"""Mutants: right answers that are made wrong on purpose, to see which tests notice.

A mutant is made from the right answer, so that it needs no formula of the loss. It works on a part
of a batch, because a large batch is audited in parts.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradcert_implementations import Array

__all__ = ["MUTANTS", "Mutant", "Part"]

_TILE = 128
"""Classes of a tile, as in many kernels. In shorter rows it is the last quarter."""

_EVERY = 1000
"""One value in this many is lost."""


@dataclass(frozen=True, eq=False)
class Part:
    """Some consecutive rows of a right answer.

    Attributes
    ----------
    values
        The right values, of shape (rows, classes), or (rows,) where a row has one value.
    first
        The index of the first row in its batch.
    rows
        The number of rows of the batch.
    upstream
        The upstream gradient of each row, of shape (rows,), or of all rows, of shape (). None
        stands for ones.
    """

    values: Array
    first: int
    rows: int
    upstream: "Array | None" = None

    @property
    def factors(self) -> Array:
        """The upstream gradients, in a shape that goes with the values."""
        g = np.ones(()) if self.upstream is None else np.asarray(self.upstream)
        return g.reshape(g.shape + (1,) * (self.values.ndim - 1)) if g.ndim else g


@dataclass(frozen=True)
class Mutant:
    """A way to make a right answer wrong.

    Attributes
    ----------
    name
        Its name.
    sentence
        What the wrong answer is, to be followed by "passes".
    applies
        Whether it has a meaning for an answer.
    make
        Returns the wrong values. It never writes into the right ones.
    """

    name: str
    sentence: str
    make: Callable[[Part], Array]
    applies: Callable[[Part], bool] = lambda part: part.values.size > 0


def _by_class(part: Part) -> bool:
    return part.values.ndim > 1 and part.values.shape[-1] > 1


def _varied_upstream(part: Part) -> bool:
    return part.upstream is not None and bool((part.upstream != 1).any())


def _upstream_by_row(part: Part) -> bool:
    return _varied_upstream(part) and len(np.unique(part.factors)) > 1


def _times(factor: float) -> Callable[[Part], Array]:
    def make(part: Part) -> Array:
        values: Array = part.values * part.values.dtype.type(factor)
        return values

    return make


def _last_row_zero(part: Part) -> Array:
    values = part.values.copy()
    if part.first + len(values) == part.rows:
        values[-1:] = 0
    return values


def _last_class_zero(part: Part) -> Array:
    values = part.values.copy()
    values[:, -1:] = 0
    return values


def _last_tile_zero(part: Part) -> Array:
    values = part.values.copy()
    classes = values.shape[1]
    values[:, classes - min(_TILE, -(-classes // 4)) :] = 0
    return values


def _one_in_a_thousand_zero(part: Part) -> Array:
    values = part.values.copy()
    flat = values.reshape(-1)
    each_row = flat.size // max(1, len(values))
    flat[-(part.first * each_row + 1) % _EVERY :: _EVERY] = 0
    return values


def _next_class(part: Part) -> Array:
    return np.roll(part.values, 1, axis=-1)


def _next_row(part: Part) -> Array:
    return np.roll(part.values, 1, axis=0)


def _small_zero(part: Part) -> Array:
    sizes = abs(part.values)
    largest = sizes.max(axis=-1, keepdims=True)
    return np.where(sizes < largest / _EVERY, part.values.dtype.type(0), part.values)


def _upstream_ignored(part: Part) -> Array:
    g = part.factors
    values: Array = part.values / np.where(g == 0, 1, g).astype(part.values.dtype)
    return values


def _first_upstream(part: Part) -> Array:
    g = part.factors
    ratio = g[:1] / np.where(g == 0, 1, g)
    values: Array = part.values * ratio.astype(part.values.dtype)
    return values


MUTANTS = (
    Mutant("zero", "an answer that is all zeros", _times(0)),
    Mutant("sign-flipped", "an answer of the wrong sign", _times(-1)),
    Mutant("times-1000", "an answer that is 1000 times too large", _times(1000)),
    Mutant("doubled", "an answer that is twice too large", _times(2)),
    Mutant("halved", "an answer that is half of the right one", _times(0.5)),
    Mutant("times-1.04", "an answer that is 4% too large", _times(1.04)),
    Mutant("times-1.001", "an answer that is 0.1% too large", _times(1.001)),
    Mutant("next-class", "an answer with each value one class too far", _next_class, _by_class),
    Mutant(
        "next-row",
        "an answer with each row in the place of the next",
        _next_row,
        lambda part: len(part.values) > 1,
    ),
    Mutant("last-row-zero", "an answer with zeros in the last row", _last_row_zero),
    Mutant(
        "last-class-zero", "an answer with zeros in the last class", _last_class_zero, _by_class
    ),
    Mutant("last-tile-zero", "an answer with zeros in the last tile", _last_tile_zero, _by_class),
    Mutant(
        "one-in-a-thousand-zero",
        "an answer with a zero in place of one value in a thousand",
        _one_in_a_thousand_zero,
    ),
    Mutant(
        "small-values-zero",
        "an answer with zeros below a thousandth of the row's largest value",
        _small_zero,
        _by_class,
    ),
    Mutant(
        "upstream-ignored",
        "an answer that ignores the upstream gradient",
        _upstream_ignored,
        _varied_upstream,
    ),
    Mutant(
        "first-upstream-for-all",
        "an answer that takes the upstream gradient of the first row for all rows",
        _first_upstream,
        _upstream_by_row,
    ),
)
"""All mutants of an answer."""
