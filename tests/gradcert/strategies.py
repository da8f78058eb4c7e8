"""Hypothesis strategies: one a regime, and how regimes combine into cases.

A row is drawn as a shape (benign, confident, saturated, ties, spread, subnormal), which may be
moved by a common offset and masked with -inf; a case is a batch of unlike rows. Simple values come
first in every choice, so that failures shrink to small integers, two classes, one row. Sizes come
from a short list, because some subjects compile anew for each shape.
"""

from collections.abc import Callable, Sequence
from itertools import cycle, islice
from math import log, log2
from typing import Literal

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from gradcert.cases import Case
from gradcert_implementations import Array, QuantityName, TargetDomain
from gradcert_oracle import Format

__all__ = ["REGIMES", "Size", "cases"]

Size = Literal["small", "wide", "batch", "tall"]

_CLASSES = (2, 3, 2, 3, 2, 8, 3, 2, 1, 3, 5, 16, 32, 33, 128, 130)
_MOST_OF_A_JACOBIAN = 33
_WIDE = (1000, 1024, 1025, 5000)
_ROWS = (1, 1, 2, 1, 2, 130)
_BATCH = (2, 130)
_TALL = (1024, 1025)
_MOST_OF_A_BATCH = 8
_MOST_OF_A_TALL_BATCH = 3
_UNLIKE_ROWS = 2
"""A longer batch repeats this many rows, and only short ones: each row costs its oracle."""
_PATTERN = 8
"""A wider row repeats this many drawn values: what an example may draw is bounded."""


def _floats(draw: DrawFn, low: float, high: float, count: int) -> Array:
    values = st.lists(st.floats(low, high), min_size=count, max_size=count)
    return np.array(draw(values), dtype=np.float64)


def _benign(draw: DrawFn, _format: Format, _largest: float, n: int) -> Array:
    return _floats(draw, -10, 10, n)


def _with_leader(draw: DrawFn, gap: float, n: int) -> Array:
    logits = _floats(draw, -1, 0, n)
    logits[draw(st.integers(0, n - 1))] = gap
    return logits


def _confident(draw: DrawFn, _format: Format, _largest: float, n: int) -> Array:
    return _with_leader(draw, draw(st.floats(2, 35)), n)


def _saturated(draw: DrawFn, _format: Format, largest: float, n: int) -> Array:
    return _with_leader(draw, draw(st.floats(min(36, largest), largest)), n)


def _ties(draw: DrawFn, _format: Format, _largest: float, n: int) -> Array:
    choices = _floats(draw, -10, 10, 2)
    return choices[draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))]


def _spread(draw: DrawFn, _format: Format, largest: float, n: int) -> Array:
    return _floats(draw, -largest, largest, n)


def _subnormal(draw: DrawFn, format: Format, _largest: float, n: int) -> Array:
    deep = _floats(draw, log(format.smallest_subnormal), log(format.smallest_normal), n)
    deep[draw(st.integers(0, n - 1))] = 0
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
    index = draw(st.sampled_from(range(len(allowed))))
    if draw(st.booleans()):
        index = int(np.argmax(logits[allowed]))
    targets = np.zeros(len(logits))
    targets[allowed[index]] = 1
    return targets


def _some(draw: DrawFn, logits: Array) -> Array:
    """Return the places of a few classes that may have a target, anywhere in the row."""
    allowed = np.flatnonzero(logits > -np.inf)
    if len(allowed) > _PATTERN:
        allowed = np.roll(allowed, -draw(st.integers(0, len(allowed) - 1)))
    return allowed[:_PATTERN]


def _soft(draw: DrawFn, logits: Array, format: Format) -> Array:
    """Return dyadic fractions, which sum to exactly one in every format and order."""
    allowed = _some(draw, logits)
    whole = 1 << draw(st.integers(0, format.precision - 1))
    cuts = st.lists(st.integers(0, whole), min_size=len(allowed) - 1, max_size=len(allowed) - 1)
    targets = np.zeros(len(logits))
    targets[allowed] = np.diff([0, *sorted(draw(cuts)), whole]) / whole
    return targets


def _smoothed(draw: DrawFn, logits: Array, format: Format) -> Array:
    """Return one share or two for every class, of a power of two, as many as sum exactly."""
    allowed = np.flatnonzero(logits > -np.inf)
    allowed = np.roll(allowed, -draw(st.integers(0, len(allowed) - 1)))
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


def _row(
    draw: DrawFn, format: Format, domain: TargetDomain, largest: float, n: int, masked: bool
) -> tuple[Array, Array, str]:
    """Draw (logits, targets, regime) of one row."""
    regime = draw(st.sampled_from(list(REGIMES)))
    drawn = min(n, _PATTERN)
    logits = REGIMES[regime](draw, format, largest, drawn)
    if n > drawn:
        # The pattern repeats, but its largest value stays alone, and anywhere.
        peak = int(np.argmax(logits))
        top, logits[peak] = logits[peak], np.sort(logits)[drawn // 2]
        logits = np.resize(logits, n)
        logits[draw(st.integers(0, n - 1))] = top
    labels = [regime]
    changes = draw(st.sampled_from(((), (), ("offset",), ("masked",), ("offset", "masked"))))
    if "offset" in changes:
        logits = logits + draw(st.floats(-largest, largest) | st.sampled_from((largest, -largest)))
        labels.append("offset")
    logits = logits.clip(-largest, largest).astype(format.dtype)
    if masked and n > 1 and "masked" in changes:
        hidden = np.array(draw(st.lists(st.booleans(), min_size=drawn, max_size=drawn)))
        kept = draw(st.integers(0, drawn - 1))
        hidden[kept] = False
        hidden[kept - 1] |= not hidden.any()
        logits[np.resize(hidden, n)] = -np.inf
        labels.append("masked")
    label, draw_targets = draw(st.sampled_from(_TARGETS[domain]))
    targets = draw_targets(draw, logits.astype(np.float64), format).astype(format.dtype)
    return logits, targets, ", ".join([*labels, label])


def _probability_row(
    draw: DrawFn, format: Format, domain: TargetDomain, n: int
) -> tuple[Array, Array, str]:
    """Draw (probabilities, targets, regime); ``t / o`` stays in range, and o need not sum to 1."""
    regime = draw(st.sampled_from(("benign", "tiny", "near one")))
    drawn = min(n, _PATTERN)
    if regime == "tiny":
        values = np.exp2(_floats(draw, log2(64 * format.smallest_normal), 0, drawn))
    elif regime == "near one":
        values = 1 - np.exp2(_floats(draw, -format.precision, -1, drawn))
    else:
        values = 0.5 + _floats(draw, 1 / 64 - 0.5, 0.5, drawn)
    probabilities = np.resize(values, n).astype(format.dtype)
    label, draw_targets = draw(st.sampled_from(_TARGETS[domain]))
    targets = draw_targets(draw, probabilities.astype(np.float64), format).astype(format.dtype)
    return probabilities, targets, f"{regime}, {label}"


@st.composite
def _cases(
    draw: DrawFn,
    quantity: QuantityName,
    format: Format,
    domain: TargetDomain,
    largest: float,
    size: Size,
    classes: Sequence[int],
    masked: bool,
) -> Case:
    n = draw(st.sampled_from(classes))
    rows = {"small": _ROWS, "wide": (1,), "batch": _BATCH, "tall": _TALL}[size]
    count = draw(st.sampled_from([c for c in rows if c == 1 or c * n <= 3 * max(rows)]))
    drawn = [
        _probability_row(draw, format, domain, n)
        if quantity == "dE/do"
        else _row(draw, format, domain, largest, n, masked)
        for _ in range(min(count, _UNLIKE_ROWS))
    ]
    first, targets, regimes = zip(*islice(cycle(drawn), count), strict=True)
    number = draw(st.integers(0, 99))
    return Case(np.stack(first), np.stack(targets), regimes, number)


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
    """Return a strategy for the cases of a claim, over all regimes.

    Parameters
    ----------
    quantity, format
        The claim: its first argument is logits, or probabilities for dE/do.
    domain
        The targets it is meant for.
    largest_logit
        No finite logit is larger.
    size
        ``wide``: one row of thousands of classes. ``batch``: at least two rows. ``tall``: a
        thousand rows, of which two are unlike. ``small``: a few rows of a few classes, and
        sometimes a hundred of either.
    below
        Only cases of fewer classes than this; if there are none, the strategy is None.
    fewest
        Only cases of at least so many classes.
    masked
        Whether logits may be -inf.
    """
    most = {
        "small": max(_CLASSES),
        "wide": max(_WIDE),
        "batch": _MOST_OF_A_BATCH,
        "tall": _MOST_OF_A_TALL_BATCH,
    }[size]
    if quantity == "do/dz":
        most = min(most, _MOST_OF_A_JACOBIAN)
    classes = [
        n
        for n in (_WIDE if size == "wide" else _CLASSES)
        if fewest <= n <= most and (below is None or n < below)
    ]
    if not classes:
        return None
    if quantity == "loss" and domain == "any":
        # A loss of two logits this far apart, times the sum of the targets, is still in range.
        largest_logit = min(largest_logit, format.max / (2 * 4 * _PATTERN + 2))
    largest = np.array(min(largest_logit, format.max)).astype(format.dtype)
    if largest > largest_logit:
        largest = np.nextafter(largest, np.zeros_like(largest))
    return _cases(quantity, format, domain, float(largest), size, classes, masked)
