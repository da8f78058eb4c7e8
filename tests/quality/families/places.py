"""A row is wrong because its label, or its maximum, stands in a drawn place.

The label is the class of a target of one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from families.faults import drawn_fault
from families.member import CLASSES, Drawn, Example, Family, gradient, log_uniform, rows_of_zeros
from gradcert_implementations import Array

__all__ = ["FAMILIES"]

_MOST = 1000
_LANES = 256


@dataclass(frozen=True)
class _Place:
    """Some of the classes of a row.

    Attributes
    ----------
    words
        Which classes they are.
    of
        From the number of classes to which of them they are, of shape (classes,).
    classes
        How many classes a row has, two or more, that has one of them.
    """

    words: str
    of: Callable[[int], Array]
    classes: int

    @property
    def last(self) -> int:
        """The last one of them in such a row."""
        return int(np.flatnonzero(self.of(self.classes))[-1])


def _one(generator: np.random.Generator) -> _Place:
    place = log_uniform(generator, 1, _MOST) - 1
    if generator.integers(2):
        return _Place(f"class {place}", lambda n: np.arange(n) == place, place + 2)
    words = f"class {place}, from the end"
    return _Place(words, lambda n: np.arange(n) == n - 1 - place, place + 2)


def _lane(generator: np.random.Generator) -> _Place:
    lanes = log_uniform(generator, 2, _LANES)
    lane = int(generator.integers(lanes))
    words = f"one of the classes {lane}, {lanes + lane}, {2 * lanes + lane}, ..."
    return _Place(words, lambda n: np.arange(n) % lanes == lane, lane + 2)


def _beyond(generator: np.random.Generator) -> _Place:
    first = log_uniform(generator, 1, CLASSES - 1)
    return _Place(f"class {first} or a later one", lambda n: np.arange(n) >= first, first + 1)


def _label(draw: Callable[[np.random.Generator], _Place]) -> Callable[..., Drawn]:
    def drawn(generator: np.random.Generator) -> Drawn:
        place = draw(generator)
        elsewhere = bool(generator.integers(2))

        def function(z: Array, t: Array) -> Array:
            missed = (t == 1) & place.of(z.shape[1])
            kept = np.where(missed, 0, t)
            return gradient(z, kept + np.roll(missed, 1, axis=1) if elsewhere else kept)

        def example() -> Example:
            return rows_of_zeros(1, place.classes, place.last)

        taken = "taken for the class after it" if elsewhere else "not subtracted"
        return Drawn(f"the label is {taken} where it is {place.words}", function, example)

    return drawn


def _maximum(draw: Callable[[np.random.Generator], _Place]) -> Callable[..., Drawn]:
    def drawn(generator: np.random.Generator) -> Drawn:
        place, fault = draw(generator), drawn_fault(generator)

        def function(z: Array, t: Array) -> Array:
            found, chosen = gradient(z, t), place.of(z.shape[1])[z.argmax(axis=1)]
            found[chosen] = fault.of(found[chosen], t[chosen])
            return found

        def example() -> Example:
            found = rows_of_zeros(1, place.classes)
            found.logits[:, place.last] = 1
            return found

        words = f"rows whose maximum is {place.words}: the gradient is {fault.words}"
        return Drawn(words, function, example)

    return drawn


FAMILIES = (
    Family("label-in-a-class", _label(_one)),
    Family("label-in-a-lane", _label(_lane)),
    Family("label-beyond-a-class", _label(_beyond)),
    Family("maximum-in-a-class", _maximum(_one)),
    Family("maximum-in-a-lane", _maximum(_lane)),
    Family("maximum-beyond-a-class", _maximum(_beyond)),
)
