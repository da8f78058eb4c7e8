"""The vector v that a row's Jacobian or Hessian multiplies: its signs, sizes and places."""

from collections.abc import Callable
from dataclasses import dataclass
from math import log2

import numpy as np

from gradcert.generation.draws import Source
from gradcert.generation.scope import Scope
from gradcert_implementations import Array
from gradcert_oracle import Format

__all__ = ["ONE_HOT", "VECTORS", "Vector", "in_range"]


@dataclass(frozen=True)
class Vector:
    """A kind of v.

    Attributes
    ----------
    name
        How a regime is labelled.
    draw
        Draws some numbers in a format. The first one stands in a place of its own, and a wider row
        repeats the others.
    often
        How often the plan has it, beside the others.
    """

    name: str
    draw: Callable[[Source, Format, int], Array]
    often: int = 1


ONE_HOT = "v one-hot"
"""One class has a one, and all others have zeros."""


def _one_hot(_source: Source, _format: Format, count: int) -> Array:
    numbers = np.zeros(count)
    numbers[0] = 1
    return numbers


def _signed(source: Source, _format: Format, count: int) -> Array:
    return source.numbers(-4, 4, count)


def _positive(source: Source, _format: Format, count: int) -> Array:
    return source.numbers(0.25, 4, count)


def _equal(source: Source, _format: Format, count: int) -> Array:
    return np.full(count, source.number(-4, 4))


def _nearly_equal(source: Source, format: Format, count: int) -> Array:
    """Return numbers near one that are a few units in the last place apart."""
    steps = np.array(source.integers(4, count))
    near: Array = 1 + steps * 2.0 ** (1 - format.precision)
    return near


def _ones_of_both_signs(source: Source, _format: Format, count: int) -> Array:
    return np.where(source.numbers(-1, 1, count) < 0, -1.0, 1.0)


def _sparse(source: Source, _format: Format, count: int) -> Array:
    """Return a few numbers and zeros elsewhere."""
    numbers = source.numbers(-4, 4, count)
    numbers[(count + 3) // 4 :] = 0
    return numbers


def _zero(_source: Source, _format: Format, count: int) -> Array:
    return np.zeros(count)


def _of_sizes(source: Source, low: float, high: float, count: int) -> Array:
    """Return numbers of either sign, with logarithms of two from low to high."""
    sizes = np.exp2(source.numbers(low, high, count))
    signed: Array = np.where(source.numbers(-1, 1, count) < 0, -sizes, sizes)
    return signed


def _of_all_sizes(source: Source, format: Format, count: int) -> Array:
    return _of_sizes(source, -format.precision, 4, count)


def _tiny(source: Source, format: Format, count: int) -> Array:
    smallest = log2(format.smallest_normal)
    return _of_sizes(source, smallest, smallest / 2, count)


def _huge(source: Source, format: Format, count: int) -> Array:
    largest = log2(format.max) - 2
    return _of_sizes(source, largest / 2, largest, count)


VECTORS = (
    Vector(ONE_HOT, _one_hot, often=3),
    Vector("v signed", _signed, often=3),
    Vector("v positive", _positive),
    Vector("v equal", _equal),
    Vector("v nearly equal", _nearly_equal),
    Vector("v of ones of both signs", _ones_of_both_signs),
    Vector("v sparse", _sparse),
    Vector("v zero", _zero),
    Vector("v of all sizes", _of_all_sizes),
    Vector("v tiny", _tiny),
    Vector("v huge", _huge),
)
"""The kinds of v, the simplest first."""


def in_range(v: Array, point: Array, targets: Array, scope: Scope) -> Array:
    """Return a row's v, smaller where a sum of its products would be too large.

    It is zero where a logit is -inf, if the quantity needs that.
    """
    assert scope.vectors is not None
    if not scope.vectors.masked:
        v = np.where(point == -np.inf, 0, v)
    most = scope.format.max / 16
    if scope.vectors.weighted:
        most /= max(1.0, float(np.abs(targets).sum()))
    # Each is divided first, because the sum may be too large for binary64.
    parts = float((np.abs(v) / most).sum())
    if parts > 1:
        v = v * 2.0 ** -np.ceil(np.log2(parts))
    inside: Array = v.astype(scope.format.dtype)
    return inside
