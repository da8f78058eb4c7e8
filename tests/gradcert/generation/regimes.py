"""The regimes: what a row of logits or of probabilities looks like.

A row of logits is drawn in a shape (benign, confident, ties, saturated, spread, subnormal). It may
then be moved by a common offset, and some of its logits may be masked with -inf. Simple values come
first in every choice, so that failures shrink to small integers.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from math import log, log2

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from gradcert.core.case import Regime
from gradcert.generation.draws import Drawing, Source, bits, padded
from gradcert.generation.targets import TARGETS
from gradcert_implementations import Array, TargetDomain
from gradcert_oracle import Format

__all__ = ["SHAPES", "DrawRow", "Drawn", "rows_of_logits", "rows_of_probabilities"]


@dataclass(frozen=True)
class Drawn:
    """One drawn row.

    Attributes
    ----------
    point, targets
        Logits or probabilities, and targets, each of shape (classes,).
    regime
        What kind of row it is.
    """

    point: Array
    targets: Array
    regime: Regime


DrawRow = Callable[[DrawFn, int], Drawn]
"""Draws a row of a number of classes."""


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


SHAPES: dict[str, Callable[[Source, Format, float, int], Array]] = {
    "benign": _benign,
    "confident": _confident,
    "ties": _ties,
    "saturated": _saturated,
    "spread": _spread,
    "subnormal": _subnormal,
}
"""The shapes of a row of logits, the simplest first."""

_OFFSET, _MASKED = "offset", "masked"
_CHANGES = ((), (_OFFSET,), (_MASKED,), (_OFFSET, _MASKED))


def _widened(source: Source, logits: Array, n: int) -> Array:
    """Repeat a pattern to n classes; its largest value stays alone, and stands anywhere."""
    peak = int(np.argmax(logits))
    top, logits[peak] = logits[peak], np.sort(logits)[len(logits) // 2]
    logits = np.resize(logits, n)
    logits[source.integer(n - 1)] = top
    return logits


@functools.cache
def rows_of_logits(
    format: Format, domain: TargetDomain, largest: float, *, masked: bool
) -> DrawRow:
    """Return the function that draws a row of logits and its targets.

    Finite logits are at most `largest` in size. If `masked`, some logits are -inf.
    """
    changes = [change for change in _CHANGES if masked or _MASKED not in change]
    kinds = st.sampled_from(list(product(changes, padded(TARGETS[domain]), padded(list(SHAPES)))))
    offsets = st.floats(-largest, largest) | st.sampled_from((largest, -largest))
    # An implementation may use a large negative number for -inf. Only a masked row at such an
    # offset shows that.
    offsets_masked = st.floats(-largest, largest) | st.just(-largest)

    def row(draw: DrawFn, n: int) -> Drawn:
        changed, kind, shape = draw(kinds)
        source = Drawing(draw)
        drawn = min(n, source.pattern)
        logits = SHAPES[shape](source, format, largest, drawn)
        if n > drawn:
            logits = _widened(source, logits, n)
        regime = Regime(shape, tuple(c for c in changed if c != _MASKED or n > 1), kind.name)
        if _OFFSET in regime.changes:
            logits = logits + draw(offsets_masked if _MASKED in changed else offsets)
        logits = logits.clip(-largest, largest).astype(format.dtype)
        if _MASKED in regime.changes:
            hidden = bits(source.integer((1 << drawn) - 2, 1), drawn)
            logits[np.resize(hidden, n)] = -np.inf
        targets = kind.draw(source, logits.astype(np.float64), format).astype(format.dtype)
        return Drawn(logits, targets, regime)

    return row


def _middling(source: Source, _format: Format, n: int) -> Array:
    middling: Array = 0.5 + source.numbers(1 / 64 - 0.5, 0.5, n)
    return middling


def _tiny(source: Source, format: Format, n: int) -> Array:
    tiny: Array = np.exp2(source.numbers(log2(64 * format.smallest_normal), 0, n))
    return tiny


def _near_one(source: Source, format: Format, n: int) -> Array:
    near: Array = 1 - np.exp2(source.numbers(-format.precision, -1, n))
    return near


_PROBABILITIES: dict[str, Callable[[Source, Format, int], Array]] = {
    "benign": _middling,
    "tiny": _tiny,
    "near one": _near_one,
}
"""The shapes of a row of probabilities, the simplest first."""


@functools.cache
def rows_of_probabilities(format: Format, domain: TargetDomain) -> DrawRow:
    """Return the function that draws a row of probabilities and its targets.

    The probabilities need not sum to one, and ``t / o`` stays in range.
    """
    kinds = st.sampled_from(list(product(padded(TARGETS[domain]), padded(list(_PROBABILITIES)))))

    def row(draw: DrawFn, n: int) -> Drawn:
        kind, shape = draw(kinds)
        source = Drawing(draw)
        drawn = min(n, source.pattern)
        values = _PROBABILITIES[shape](source, format, drawn)
        probabilities = np.resize(values, n).astype(format.dtype)
        targets = kind.draw(source, probabilities.astype(np.float64), format).astype(format.dtype)
        return Drawn(probabilities, targets, Regime(shape, (), kind.name))

    return row
