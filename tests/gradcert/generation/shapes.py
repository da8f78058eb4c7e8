"""The shapes of a row: what its logits or its probabilities look like.

The search draws a few shapes, because Hypothesis has to shrink them. The plan tries all of them.
"""

from collections.abc import Callable, Mapping
from math import log, log2

import ml_dtypes
import numpy as np

from gradcert.generation.draws import Source, bits
from gradcert_implementations import Array
from gradcert_oracle import Format

__all__ = [
    "EQUAL",
    "PLANNED_LOGITS",
    "PLANNED_PROBABILITIES",
    "SATURATED",
    "SEARCHED_LOGITS",
    "SEARCHED_PROBABILITIES",
    "SORTED",
    "STRATIFIED",
    "UNMOVED",
    "UNPLACED",
    "Shapes",
]

Shapes = Mapping[str, Callable[[Source, Format, float, int], Array]]
"""By name, a function of a source of numbers, the format, the largest logit, and a length."""


def _benign(source: Source, _format: Format, _largest: float, n: int) -> Array:
    return source.numbers(-10, 10, n)


def _with_leader(source: Source, low: float, high: float, n: int) -> Array:
    logits = source.numbers(-1, 0, n)
    logits[source.integer(n - 1)] = source.number(low, high)
    return logits


def _confident(source: Source, _format: Format, _largest: float, n: int) -> Array:
    return _with_leader(source, 2, 35, n)


def _saturated(source: Source, _format: Format, largest: float, n: int) -> Array:
    return _with_leader(source, min(36, largest), largest, n)


def _ties(source: Source, _format: Format, _largest: float, n: int) -> Array:
    one, other = source.numbers(-10, 10, 2)
    tied: Array = np.where(bits(source.integer((1 << n) - 1), n), other, one)
    return tied


def _spread(source: Source, _format: Format, largest: float, n: int) -> Array:
    return source.numbers(-largest, largest, n)


def _subnormal(source: Source, format: Format, _largest: float, n: int) -> Array:
    deep = source.numbers(log(format.smallest_subnormal), log(format.smallest_normal), n)
    deep[source.integer(n - 1)] = 0
    return deep


def _integers(source: Source, _format: Format, _largest: float, n: int) -> Array:
    """Return small integers; some of the zeros are negative ones."""
    numbers = np.array(source.integers(8, n)) - 6.0
    numbers[(numbers == 0) & (np.arange(n) % 2 == 1)] = -0.0
    return numbers


def _coarse(source: Source, _format: Format, _largest: float, n: int) -> Array:
    """Return numbers of bfloat16, as they come from a narrower format before."""
    coarse: Array = source.numbers(-10, 10, n).astype(ml_dtypes.bfloat16).astype(np.float64)
    return coarse


def _negative(source: Source, _format: Format, largest: float, n: int) -> Array:
    return source.numbers(-min(100, largest), -min(1, largest), n)


def _equal(source: Source, _format: Format, _largest: float, n: int) -> Array:
    return np.full(n, source.number(-10, 10))


def _equal_but_one(source: Source, format: Format, largest: float, n: int) -> Array:
    """Return equal numbers but one, which is larger or smaller by any amount up to 30."""
    numbers = _equal(source, format, largest, n)
    numbers[0] += source.number(-30, 30)
    return numbers


def _near_ties(source: Source, format: Format, _largest: float, n: int) -> Array:
    """Return two numbers that are neighbours in the format, one ulp apart, and smaller ones."""
    top = np.array(source.number(-8, 10)).astype(format.dtype)
    numbers = float(top) - source.numbers(0.5, 10, n)
    numbers[0] = top
    if n > 1:
        numbers[1] = np.nextafter(top, np.array(-np.inf, format.dtype))
    return numbers


def _tiny_logits(source: Source, format: Format, _largest: float, n: int) -> Array:
    """Return subnormal numbers."""
    return source.numbers(-format.smallest_normal, format.smallest_normal, n)


SATURATED = "saturated"
"""The shape of a row whose largest number is far above all others."""

EQUAL = "equal"
"""The shape of a row whose numbers are equal."""

SEARCHED_LOGITS: Shapes = {
    "benign": _benign,
    "confident": _confident,
    "ties": _ties,
    SATURATED: _saturated,
    "spread": _spread,
    "subnormal": _subnormal,
}
"""The shapes of a row of logits that the search draws, the simplest first."""

STRATIFIED = "stratified"
"""The shape of a row whose numbers the plan draws from bands without gaps."""

UNMOVED = frozenset({STRATIFIED, "subnormal", "near ties", "subnormal logits"})
"""The shapes that a far offset would spoil in a narrow format."""

UNPLACED = frozenset(
    {"sorted up", "sorted down", "ties", EQUAL, "equal but one", "integers", "coarse"}
)
"""The shapes whose largest number has its place already, or comes several times."""

SORTED: Mapping[str, int] = {"sorted up": 1, "sorted down": -1}
"""The shapes whose numbers are sorted, and the step with which a sorted row is read."""

PLANNED_LOGITS: Shapes = {
    **SEARCHED_LOGITS,
    **dict.fromkeys(SORTED, _benign),
    "integers": _integers,
    "coarse": _coarse,
    "negative": _negative,
    EQUAL: _equal,
    "equal but one": _equal_but_one,
    "near ties": _near_ties,
    "subnormal logits": _tiny_logits,
}
"""The shapes of a row of logits that the plan tries."""


def _middling(source: Source, _format: Format, _largest: float, n: int) -> Array:
    middling: Array = 0.5 + source.numbers(1 / 64 - 0.5, 0.5, n)
    return middling


def _tiny(source: Source, format: Format, _largest: float, n: int) -> Array:
    tiny: Array = np.exp2(source.numbers(log2(64 * format.smallest_normal), 0, n))
    return tiny


def _near_one(source: Source, format: Format, _largest: float, n: int) -> Array:
    near: Array = 1 - np.exp2(source.numbers(-format.precision, -1, n))
    return near


SEARCHED_PROBABILITIES: Shapes = {"benign": _middling, "tiny": _tiny, "near one": _near_one}
"""The shapes of a row of probabilities that the search draws, the simplest first."""

PLANNED_PROBABILITIES: Shapes = {
    **SEARCHED_PROBABILITIES,
    **dict.fromkeys(SORTED, _middling),
    EQUAL: lambda source, _format, _largest, n: np.full(n, source.number(1 / 64, 1)),
}
"""The shapes of a row of probabilities that the plan tries."""
