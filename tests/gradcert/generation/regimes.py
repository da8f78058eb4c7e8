"""The regimes: what a row of logits or of probabilities looks like.

A row of logits is drawn in a shape (benign, confident, ties, saturated, spread, subnormal). It may
then be moved by a common offset, and some of its logits may be masked with -inf. Simple values come
first in every choice, so that failures shrink to small integers.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from gradcert.core.case import Regime
from gradcert.generation.draws import Drawing, Source, bits, padded
from gradcert.generation.shapes import SEARCHED_LOGITS, SEARCHED_PROBABILITIES
from gradcert.generation.targets import TARGETS
from gradcert_implementations import Array, TargetDomain
from gradcert_oracle import Format

__all__ = ["MASKED", "OFFSET", "DrawRow", "Drawn", "rows_of_logits", "rows_of_probabilities"]


@dataclass(frozen=True)
class Drawn:
    """One drawn row.

    Attributes
    ----------
    point, targets
        Logits or probabilities, and targets, each of shape (classes,).
    regime
        What kind of row it is.
    v
        The vector of the row; empty where there is none.
    """

    point: Array
    targets: Array
    regime: Regime
    v: Array = field(default_factory=lambda: np.zeros(0))


DrawRow = Callable[[DrawFn, int], Drawn]
"""Draws a row of a number of classes."""


OFFSET, MASKED = "offset", "masked"
_CHANGES = ((), (OFFSET,), (MASKED,), (OFFSET, MASKED))


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
    changes = [change for change in _CHANGES if masked or MASKED not in change]
    kinds = st.sampled_from(
        list(product(changes, padded(TARGETS[domain]), padded(list(SEARCHED_LOGITS))))
    )
    offsets = st.floats(-largest, largest) | st.sampled_from((largest, -largest))
    # An implementation may use a large negative number for -inf. Only a masked row at such an
    # offset shows that.
    offsets_masked = st.floats(-largest, largest) | st.just(-largest)

    def row(draw: DrawFn, n: int) -> Drawn:
        changed, kind, shape = draw(kinds)
        source = Drawing(draw)
        drawn = min(n, source.pattern)
        logits = SEARCHED_LOGITS[shape](source, format, largest, drawn)
        if n > drawn:
            logits = _widened(source, logits, n)
        regime = Regime(shape, tuple(c for c in changed if c != MASKED or n > 1), kind.name)
        if OFFSET in regime.changes:
            logits = logits + draw(offsets_masked if MASKED in changed else offsets)
        logits = logits.clip(-largest, largest).astype(format.dtype)
        if MASKED in regime.changes:
            hidden = bits(source.integer((1 << drawn) - 2, 1), drawn)
            logits[np.resize(hidden, n)] = -np.inf
        targets = kind.draw(source, logits.astype(np.float64), format).astype(format.dtype)
        return Drawn(logits, targets, regime)

    return row


@functools.cache
def rows_of_probabilities(format: Format, domain: TargetDomain) -> DrawRow:
    """Return the function that draws a row of probabilities and its targets.

    The probabilities need not sum to one, and ``t / o`` stays in range.
    """
    kinds = st.sampled_from(
        list(product(padded(TARGETS[domain]), padded(list(SEARCHED_PROBABILITIES))))
    )

    def row(draw: DrawFn, n: int) -> Drawn:
        kind, shape = draw(kinds)
        source = Drawing(draw)
        drawn = min(n, source.pattern)
        values = SEARCHED_PROBABILITIES[shape](source, format, 1.0, drawn)
        probabilities = np.resize(values, n).astype(format.dtype)
        targets = kind.draw(source, probabilities.astype(np.float64), format).astype(format.dtype)
        return Drawn(probabilities, targets, Regime(shape, (), kind.name))

    return row
