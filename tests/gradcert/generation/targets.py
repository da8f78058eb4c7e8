"""Targets for a row of logits or of probabilities, by the domain that a claim is for."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradcert.generation.draws import Source
from gradcert_implementations import Array, TargetDomain
from gradcert_oracle import Format

__all__ = ["TARGETS", "Targets"]


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
    """

    name: str
    draw: Callable[[Source, Array, Format], Array]


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


def _unnormalised(source: Source, row: Array, format: Format) -> Array:
    """Return numbers up to four, which sum to anything."""
    allowed = _some(source, row)
    targets = np.zeros(len(row))
    targets[allowed] = source.numbers(0, 4, len(allowed))
    # Hardware may flush a smaller one to zero, and then t / o is lost.
    targets[targets < format.smallest_normal] = 0
    return targets


_INDEX = (Targets("one-hot", _one_hot),)
_PROBABILITY = (*_INDEX, Targets("soft", _soft), Targets("smoothed", _smoothed))

TARGETS: dict[TargetDomain, tuple[Targets, ...]] = {
    "index": _INDEX,
    "probability": _PROBABILITY,
    "any": (*_PROBABILITY, Targets("unnormalised", _unnormalised)),
}
"""The kinds of targets of each domain, the simplest first."""
