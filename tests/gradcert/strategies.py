"""Hypothesis strategies: one a regime, and how regimes combine into cases.

A row is drawn as a shape (benign, confident, saturated, ties, spread, subnormal), which may be
moved by a common offset and masked with -inf; a case is a batch of unlike rows. Simple values come
first in every choice, so that failures shrink to small integers, two classes, one row.

Hypothesis takes its time for each choice, however small, and some subjects compile anew for each
shape. So what is discrete about a row is one choice, and there are few shapes.
"""

import functools
from collections.abc import Callable, Sequence
from itertools import cycle, islice, product
from math import log, log2
from typing import Literal, TypeVar

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from gradcert.cases import Case
from gradcert_implementations import Array, QuantityName, TargetDomain
from gradcert_oracle import Format

__all__ = ["REGIMES", "Size", "cases"]

Size = Literal["small", "wide", "batch"]

_Shape = tuple[int, int]
_T = TypeVar("_T")

_SHAPES: dict[Size, tuple[_Shape, ...]] = {
    "small": (*((1, 2),) * 4, *((2, 3), (1, 8)) * 2, (1, 1)),
    "wide": ((1, 4097),),
    "batch": ((1025, 2),),
}
"""Rows and classes; what stands here several times is drawn more often."""

_SMALLER: dict[Size, tuple[_Shape, ...]] = {
    "small": ((2, 2), (1, 3)),
    "wide": ((1, 1025), (1, 2049)),
    "batch": ((2, 2),),
}
"""Drawn as well where something larger is refuted, for a smaller counterexample."""

_UNLIKE_ROWS = 2
"""A longer batch repeats this many rows: each row costs its oracle."""
_PATTERN = 8
"""A wider row repeats this many drawn values: what an example may draw is bounded."""


@functools.cache
def _vector(low: float, high: float, count: int) -> SearchStrategy[tuple[float, ...]]:
    return st.tuples(*[st.floats(low, high)] * count)


def _floats(draw: DrawFn, low: float, high: float, count: int) -> Array:
    return np.array(draw(_vector(low, high, count)))


@functools.cache
def _up_to(most: int, least: int = 0) -> SearchStrategy[int]:
    return st.integers(least, most)


def _bits(number: int, count: int) -> Array:
    """Return the lowest bits of a number: many choices drawn as one."""
    return np.array([bool(number >> place & 1) for place in range(count)])


def _benign(draw: DrawFn, _format: Format, _largest: float, n: int) -> Array:
    return _floats(draw, -10, 10, n)


def _with_leader(draw: DrawFn, low: float, high: float, n: int) -> Array:
    logits = _floats(draw, -1, 0, n)
    logits[draw(_up_to(n - 1))] = draw(st.floats(low, high))
    return logits


def _confident(draw: DrawFn, _format: Format, _largest: float, n: int) -> Array:
    return _with_leader(draw, 2, 35, n)


def _saturated(draw: DrawFn, _format: Format, largest: float, n: int) -> Array:
    return _with_leader(draw, min(36, largest), largest, n)


def _ties(draw: DrawFn, _format: Format, _largest: float, n: int) -> Array:
    one, other = _floats(draw, -10, 10, 2)
    tied: Array = np.where(_bits(draw(_up_to((1 << n) - 1)), n), other, one)
    return tied


def _spread(draw: DrawFn, _format: Format, largest: float, n: int) -> Array:
    return _floats(draw, -largest, largest, n)


def _subnormal(draw: DrawFn, format: Format, _largest: float, n: int) -> Array:
    deep = _floats(draw, log(format.smallest_subnormal), log(format.smallest_normal), n)
    deep[draw(_up_to(n - 1))] = 0
    return deep


REGIMES: dict[str, Callable[[DrawFn, Format, float, int], Array]] = {
    "benign": _benign,
    "confident": _confident,
    "ties": _ties,
    "saturated": _saturated,
    "spread": _spread,
    "subnormal": _subnormal,
}
"""The shapes of a row of logits; each may be moved, masked, and put beside others."""


def _one_hot(draw: DrawFn, logits: Array, _format: Format) -> Array:
    """Put the target on the largest logit half of the time: there ``o_t - 1`` cancels."""
    allowed = np.flatnonzero(logits > -np.inf)
    index = draw(_up_to(len(allowed) - 1, -len(allowed)))
    targets = np.zeros(len(logits))
    targets[allowed[index] if index >= 0 else np.argmax(logits)] = 1
    return targets


def _some(draw: DrawFn, logits: Array) -> Array:
    """Return the places of a few classes that may have a target, anywhere in the row."""
    allowed = np.flatnonzero(logits > -np.inf)
    if len(allowed) > _PATTERN:
        allowed = np.roll(allowed, -draw(_up_to(len(allowed) - 1)))
    return allowed[:_PATTERN]


@functools.cache
def _cuts(whole: int, count: int) -> SearchStrategy[tuple[int, ...]]:
    return st.tuples(*[_up_to(whole)] * count)


def _soft(draw: DrawFn, logits: Array, format: Format) -> Array:
    """Return dyadic fractions, which sum to exactly one in every format and order."""
    allowed = _some(draw, logits)
    whole = 1 << draw(_up_to(format.precision - 1))
    cuts = draw(_cuts(whole, len(allowed) - 1))
    targets = np.zeros(len(logits))
    targets[allowed] = np.diff([0, *sorted(cuts), whole]) / whole
    return targets


def _smoothed(draw: DrawFn, logits: Array, format: Format) -> Array:
    """Return one share or two for every class, of a power of two, as many as sum exactly."""
    allowed = np.flatnonzero(logits > -np.inf)
    allowed = np.roll(allowed, -draw(_up_to(len(allowed) - 1)))
    allowed = allowed[: 1 << (format.precision - 1)]
    shares = 1 << (len(allowed) - 1).bit_length()
    targets = np.zeros(len(logits))
    targets[allowed] = 1 / shares
    targets[allowed[: shares - len(allowed)]] = 2 / shares
    return targets


def _unnormalised(draw: DrawFn, logits: Array, format: Format) -> Array:
    allowed = _some(draw, logits)
    targets = np.zeros(len(logits))
    targets[allowed] = _floats(draw, 0, 4, len(allowed))
    # Hardware may flush a smaller one, and then t / o is lost.
    targets[targets < format.smallest_normal] = 0
    return targets


_TARGETS: dict[TargetDomain, tuple[tuple[str, Callable[[DrawFn, Array, Format], Array]], ...]] = {
    "index": (("one-hot", _one_hot),),
    "probability": (("one-hot", _one_hot), ("soft", _soft), ("smoothed", _smoothed)),
    "any": (
        ("one-hot", _one_hot),
        ("soft", _soft),
        ("smoothed", _smoothed),
        ("unnormalised", _unnormalised),
    ),
}


_CHANGES = ((), ("offset",), ("masked",), ("offset", "masked"))


def _filled(kinds: Sequence[_T]) -> Sequence[_T]:
    """Repeat the last of them, the least simple, until they are a power of two.

    Of several kinds drawn as one number each then has its own bits, and Hypothesis, which clears
    leading bits of a number, makes the first simple without another.
    """
    return (*kinds, *kinds[2 * len(kinds) - (1 << (len(kinds) - 1).bit_length()) :])


_Draw = Callable[[DrawFn, int], tuple[Array, Array, str]]
"""Draws (first, targets, regime) of one row of so many classes."""


@functools.cache
def _rows_of_logits(format: Format, domain: TargetDomain, largest: float, *, masked: bool) -> _Draw:
    changes = [change for change in _CHANGES if masked or "masked" not in change]
    parts = product(changes, _filled(_TARGETS[domain]), _filled(list(REGIMES)))
    kinds = st.sampled_from(list(parts))
    offsets = st.floats(-largest, largest) | st.sampled_from((largest, -largest))
    # Where the most negative number stands for -inf, only a row down there shows it.
    offsets_masked = st.floats(-largest, largest) | st.just(-largest)

    def row(draw: DrawFn, n: int) -> tuple[Array, Array, str]:
        changes, (label, draw_targets), regime = draw(kinds)
        drawn = min(n, _PATTERN)
        logits = REGIMES[regime](draw, format, largest, drawn)
        if n > drawn:
            # The pattern repeats, but its largest value stays alone, and anywhere.
            peak = int(np.argmax(logits))
            top, logits[peak] = logits[peak], np.sort(logits)[drawn // 2]
            logits = np.resize(logits, n)
            logits[draw(_up_to(n - 1))] = top
        labels = [regime]
        if "offset" in changes:
            logits = logits + draw(offsets_masked if "masked" in changes else offsets)
            labels.append("offset")
        logits = logits.clip(-largest, largest).astype(format.dtype)
        if "masked" in changes and n > 1:
            hidden = _bits(draw(_up_to((1 << drawn) - 2, 1)), drawn)
            logits[np.resize(hidden, n)] = -np.inf
            labels.append("masked")
        targets = draw_targets(draw, logits.astype(np.float64), format).astype(format.dtype)
        return logits, targets, ", ".join([*labels, label])

    return row


@functools.cache
def _rows_of_probabilities(format: Format, domain: TargetDomain) -> _Draw:
    """Return a strategy in which ``t / o`` stays in range, and o need not sum to one."""
    parts = product(_filled(_TARGETS[domain]), _filled(("benign", "tiny", "near one")))
    kinds = st.sampled_from(list(parts))

    def row(draw: DrawFn, n: int) -> tuple[Array, Array, str]:
        (label, draw_targets), regime = draw(kinds)
        drawn = min(n, _PATTERN)
        if regime == "tiny":
            values = np.exp2(_floats(draw, log2(64 * format.smallest_normal), 0, drawn))
        elif regime == "near one":
            values = 1 - np.exp2(_floats(draw, -format.precision, -1, drawn))
        else:
            values = 0.5 + _floats(draw, 1 / 64 - 0.5, 0.5, drawn)
        probabilities = np.resize(values, n).astype(format.dtype)
        targets = draw_targets(draw, probabilities.astype(np.float64), format).astype(format.dtype)
        return probabilities, targets, f"{regime}, {label}"

    return row


@functools.cache
@st.composite
def _cases(draw: DrawFn, row: _Draw, shapes: tuple[_Shape, ...]) -> Case:
    count, n = draw(st.sampled_from(shapes))
    if n == 1:
        # To Hypothesis two classes, up to three choices more, are simpler now, as to a reader.
        draw(_vector(0, 1, 4))
    drawn = [row(draw, n) for _ in range(min(count, _UNLIKE_ROWS))]
    first, targets, regimes = zip(*drawn, strict=True)
    repeated = np.resize(np.arange(len(drawn)), count)
    return Case(
        np.array(first)[repeated],
        np.array(targets)[repeated],
        tuple(islice(cycle(regimes), count)),
    )


def cases(
    quantity: QuantityName,
    format: Format,
    domain: TargetDomain,
    largest_logit: float,
    *,
    size: Size = "small",
    below: int | None = None,
    fewest: int = 1,
    masked: bool = True,
) -> SearchStrategy[Case] | None:
    """Return the strategy for the cases of a claim, over all regimes; one object for equal ones.

    Parameters
    ----------
    quantity, format
        The claim: its first argument is logits, or probabilities for dE/do.
    domain
        The targets it is meant for.
    largest_logit
        No finite logit is larger.
    size
        ``wide``: one row of thousands of classes. ``batch``: a thousand rows of which two are
        unlike. ``small``: one or two rows of a few classes.
    below
        Only cases of fewer logits than this, in more shapes; if there are none, the strategy is
        None.
    fewest
        The classes of a case that would have fewer.
    masked
        Whether logits may be -inf.
    """
    several = _SHAPES[size] if below is None else _SMALLER[size] + _SHAPES[size]
    shapes = tuple(
        (rows, max(n, fewest))
        for rows, n in several
        if below is None or rows * max(n, fewest) < below
    )
    if not shapes:
        return None
    if quantity == "dE/do":
        return _cases(_rows_of_probabilities(format, domain), shapes)
    if quantity == "loss" and domain == "any":
        # A loss of two logits this far apart, times the sum of the targets, is still in range.
        largest_logit = min(largest_logit, format.max / (2 * 4 * _PATTERN + 2))
    largest = np.array(min(largest_logit, format.max)).astype(format.dtype)
    if largest > largest_logit:
        largest = np.nextafter(largest, np.zeros_like(largest))
    return _cases(_rows_of_logits(format, domain, float(largest), masked=masked), shapes)
