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
from gradcert.generation.draws import PATTERN, bits, floats, integers_up_to, padded
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


def _benign(draw: DrawFn, _format: Format, _largest: float, n: int) -> Array:
    return floats(draw, -10, 10, n)


def _with_leader(draw: DrawFn, low: float, high: float, n: int) -> Array:
    logits = floats(draw, -1, 0, n)
    logits[draw(integers_up_to(n - 1))] = draw(st.floats(low, high))
    return logits


def _confident(draw: DrawFn, _format: Format, _largest: float, n: int) -> Array:
    return _with_leader(draw, 2, 35, n)


def _saturated(draw: DrawFn, _format: Format, largest: float, n: int) -> Array:
    return _with_leader(draw, min(36, largest), largest, n)


def _ties(draw: DrawFn, _format: Format, _largest: float, n: int) -> Array:
    one, other = floats(draw, -10, 10, 2)
    tied: Array = np.where(bits(draw(integers_up_to((1 << n) - 1)), n), other, one)
    return tied


def _spread(draw: DrawFn, _format: Format, largest: float, n: int) -> Array:
    return floats(draw, -largest, largest, n)


def _subnormal(draw: DrawFn, format: Format, _largest: float, n: int) -> Array:
    deep = floats(draw, log(format.smallest_subnormal), log(format.smallest_normal), n)
    deep[draw(integers_up_to(n - 1))] = 0
    return deep


SHAPES: dict[str, Callable[[DrawFn, Format, float, int], Array]] = {
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


def _widened(draw: DrawFn, logits: Array, n: int) -> Array:
    """Repeat a pattern to n classes; its largest value stays alone, and stands anywhere."""
    peak = int(np.argmax(logits))
    top, logits[peak] = logits[peak], np.sort(logits)[len(logits) // 2]
    logits = np.resize(logits, n)
    logits[draw(integers_up_to(n - 1))] = top
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
        drawn = min(n, PATTERN)
        logits = SHAPES[shape](draw, format, largest, drawn)
        if n > drawn:
            logits = _widened(draw, logits, n)
        regime = Regime(shape, tuple(c for c in changed if c != _MASKED or n > 1), kind.name)
        if _OFFSET in regime.changes:
            logits = logits + draw(offsets_masked if _MASKED in changed else offsets)
        logits = logits.clip(-largest, largest).astype(format.dtype)
        if _MASKED in regime.changes:
            hidden = bits(draw(integers_up_to((1 << drawn) - 2, 1)), drawn)
            logits[np.resize(hidden, n)] = -np.inf
        targets = kind.draw(draw, logits.astype(np.float64), format).astype(format.dtype)
        return Drawn(logits, targets, regime)

    return row


def _middling(draw: DrawFn, _format: Format, n: int) -> Array:
    middling: Array = 0.5 + floats(draw, 1 / 64 - 0.5, 0.5, n)
    return middling


def _tiny(draw: DrawFn, format: Format, n: int) -> Array:
    tiny: Array = np.exp2(floats(draw, log2(64 * format.smallest_normal), 0, n))
    return tiny


def _near_one(draw: DrawFn, format: Format, n: int) -> Array:
    near: Array = 1 - np.exp2(floats(draw, -format.precision, -1, n))
    return near


_PROBABILITIES: dict[str, Callable[[DrawFn, Format, int], Array]] = {
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
        drawn = min(n, PATTERN)
        values = _PROBABILITIES[shape](draw, format, drawn)
        probabilities = np.resize(values, n).astype(format.dtype)
        targets = kind.draw(draw, probabilities.astype(np.float64), format).astype(format.dtype)
        return Drawn(probabilities, targets, Regime(shape, (), kind.name))

    return row
