"""Targets for a row of logits or of probabilities, by the domain that a claim is for."""

from collections.abc import Callable
from dataclasses import dataclass
from math import log2

import numpy as np

from gradcert.generation.draws import Source
from gradcert_implementations import Array, TargetDomain
from gradcert_oracle import Format

__all__ = ["LABELLED", "PLANNED_TARGETS", "TARGETS", "Targets"]


@dataclass(frozen=True)
class Targets:
    """A kind of targets.

    Attributes
    ----------
    name
        How a regime is labelled.
    draw
        Draws the targets of a row, given the row and the format. A class whose logit is -inf gets
        none.
    one_hot
        Whether a class has one, and all others have none.
    """

    name: str
    draw: Callable[[Source, Array, Format], Array]
    one_hot: bool = False


def _allowed(row: Array) -> Array:
    """Return the places of the classes that may have a target."""
    return np.flatnonzero(row > -np.inf)


def _one_hot(source: Source, row: Array, _format: Format) -> Array:
    """Put the target on the largest logit half of the time, because ``o_t - 1`` cancels there."""
    allowed = _allowed(row)
    index = source.integer(len(allowed) - 1, -len(allowed))
    targets = np.zeros(len(row))
    targets[allowed[index] if index >= 0 else np.argmax(row)] = 1
    return targets


def _some(source: Source, row: Array) -> Array:
    """Return the places of a few classes that may have a target, anywhere in the row."""
    allowed = _allowed(row)
    if len(allowed) > source.pattern:
        allowed = np.roll(allowed, -source.integer(len(allowed) - 1))
    return allowed[: source.pattern]


def _soft(source: Source, row: Array, format: Format) -> Array:
    """Return dyadic fractions, which sum to exactly one in every format and order."""
    allowed = _some(source, row)
    whole = 1 << source.integer(format.precision - 1)
    cuts = source.integers(whole, len(allowed) - 1)
    targets = np.zeros(len(row))
    targets[allowed] = np.diff([0, *sorted(cuts), whole]) / whole
    return targets


def _smoothed(source: Source, row: Array, format: Format) -> Array:
    """Give every class one or two shares of a power of two, as long as they sum exactly."""
    allowed = _allowed(row)
    allowed = np.roll(allowed, -source.integer(len(allowed) - 1))
    allowed = allowed[: 1 << (format.precision - 1)]
    shares = 1 << (len(allowed) - 1).bit_length()
    targets = np.zeros(len(row))
    targets[allowed] = 1 / shares
    targets[allowed[: shares - len(allowed)]] = 2 / shares
    return targets


def _in_some_classes(source: Source, row: Array, low: float, high: float) -> Array:
    """Return numbers from low to high in a few classes, and zeros elsewhere."""
    allowed = _some(source, row)
    targets = np.zeros(len(row))
    targets[allowed] = source.numbers(low, high, len(allowed))
    return targets


def _unnormalised(source: Source, row: Array, format: Format) -> Array:
    """Return numbers up to four, which sum to anything."""
    targets = _in_some_classes(source, row, 0, 4)
    # Hardware may flush a smaller one to zero, and then t / o is lost.
    targets[targets < format.smallest_normal] = 0
    return targets


def _dense(source: Source, row: Array, format: Format) -> Array:
    """Return a softmax, rounded so that it sums to exactly one in every order.

    All shares are multiples of one unit. What rounding leaves goes to the classes with the largest
    shares.
    """
    allowed = _allowed(row)
    units = 1 << format.precision
    weights = np.exp(source.numbers(-4, 0, min(len(allowed), source.pattern)))
    shares = np.resize(weights, len(allowed))
    shares = np.floor(shares * (units / shares.sum()))
    largest = np.argsort(-shares, kind="stable")
    missing = int(units - shares.sum())
    shares += missing // len(shares)
    shares[largest[: missing % len(shares)]] += 1
    targets = np.zeros(len(row))
    targets[allowed] = shares / units
    return targets


def _nearly_one_hot(source: Source, row: Array, format: Format) -> Array:
    """Give some classes one unit in the last place of one, and another class all the rest."""
    allowed = _some(source, row)
    unit = 2.0**-format.precision
    targets = np.zeros(len(row))
    targets[allowed] = unit
    targets[allowed[0]] = 1 - unit * (len(allowed) - 1)
    return targets


def _few(source: Source, row: Array, format: Format) -> Array:
    """Return dyadic fractions in two to six classes."""
    allowed = _some(source, row)[: source.integer(6, 2)]
    whole = 1 << (format.precision - 1)
    cuts = source.integers(whole, len(allowed) - 1)
    targets = np.zeros(len(row))
    targets[allowed] = np.diff([0, *sorted(cuts), whole]) / whole
    return targets


def _zero(_source: Source, row: Array, _format: Format) -> Array:
    return np.zeros(len(row))


def _weighted(source: Source, row: Array, format: Format) -> Array:
    """Give one class a weight, up to a thousand."""
    weighted: Array = _one_hot(source, row, format) * 2.0 ** source.number(-10, 10)
    return weighted


def _nearly_one(source: Source, row: Array, format: Format) -> Array:
    """Return numbers whose sum differs from one by as little as the format allows, or by more."""
    sum_less_one = 2.0 ** -source.integer(format.precision - 2, 2)
    nearly: Array = _few(source, row, format) * (1 + sum_less_one)
    return nearly


def _large(source: Source, row: Array, _format: Format) -> Array:
    return _in_some_classes(source, row, 4, 1000)


def _huge(source: Source, row: Array, format: Format) -> Array:
    """Return powers of two up to 1/64 of the largest number, so that their sum is in range."""
    largest = log2(format.max) - 6
    return _exponential(source, row, largest / 2, largest)


def _tiny(source: Source, row: Array, format: Format) -> Array:
    smallest = log2(format.smallest_normal)
    return _exponential(source, row, smallest, smallest / 2)


def _exponential(source: Source, row: Array, low: float, high: float) -> Array:
    targets = _in_some_classes(source, row, low, high)
    return np.where(targets == 0, 0, np.exp2(targets))


def _signed(source: Source, row: Array, _format: Format) -> Array:
    return _in_some_classes(source, row, -4, 4)


def _negated(
    draw: Callable[[Source, Array, Format], Array],
) -> Callable[[Source, Array, Format], Array]:
    return lambda source, row, format: -draw(source, row, format)


def _cancelling(source: Source, row: Array, format: Format) -> Array:
    """Return numbers of either sign that sum to exactly zero."""
    targets = np.round(_signed(source, row, format) * 8)
    # Multiples of one unit, so that a sum in any order is exact.
    targets[_allowed(row)[0]] -= targets.sum()
    return targets / 8


LABELLED = "one-hot"
"""The name of the targets that are one at a label."""

_INDEX = (Targets(LABELLED, _one_hot, one_hot=True),)
_PROBABILITY = (*_INDEX, Targets("soft", _soft), Targets("smoothed", _smoothed))

_ANY = (*_PROBABILITY, Targets("unnormalised", _unnormalised))
_SIGNED = (*_ANY, Targets("signed", _signed))

TARGETS: dict[TargetDomain, tuple[Targets, ...]] = {
    "index": _INDEX,
    "probability": _PROBABILITY,
    "any": _ANY,
    "signed": _SIGNED,
}
"""The kinds of targets of each domain that the search draws, the simplest first."""

_DENSE = (
    Targets("few", _few),
    Targets("dense", _dense),
    Targets("nearly one-hot", _nearly_one_hot),
)
_SIZES = (
    Targets("zero", _zero),
    Targets("one weighted class", _weighted),
    Targets("sum near one", _nearly_one),
    Targets("tiny", _tiny),
    Targets("large", _large),
    Targets("huge", _huge),
)
_NEGATIVE = (
    Targets("cancelling", _cancelling),
    Targets("negative", _negated(_unnormalised)),
    Targets("large and negative", _negated(_large)),
)

PLANNED_TARGETS: dict[TargetDomain, tuple[Targets, ...]] = {
    "index": _INDEX,
    "probability": (*_PROBABILITY, *_DENSE),
    "any": (*_ANY, *_DENSE, *_SIZES),
    "signed": (*_SIGNED, *_DENSE, *_SIZES, *_NEGATIVE),
}
"""The kinds of targets of each domain that the plan tries. The first one is one-hot."""
