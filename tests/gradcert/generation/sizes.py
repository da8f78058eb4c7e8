"""How many rows and classes a case has: those of the search, and those of the plan.

The search has few shapes, because some subjects compile for each one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from math import log

import numpy as np

__all__ = [
    "FEW",
    "LONG",
    "Shape",
    "Size",
    "large_batches",
    "most_rows",
    "planned_classes",
    "planned_rows",
    "shapes",
    "vocabularies",
]


class Size(Enum):
    """What is large about a case."""

    SMALL = "one or two rows of a few classes"
    MANY_CLASSES = "one row of thousands of classes"
    MANY_ROWS = "a thousand rows, of which two are different"


@dataclass(frozen=True)
class Shape:
    """The rows and classes of a case."""

    rows: int
    classes: int

    @property
    def logits(self) -> int:
        """How many logits there are."""
        return self.rows * self.classes


_ONE, _PAIR = Shape(1, 1), Shape(1, 2)

_SHAPES: dict[Size, tuple[Shape, ...]] = {
    Size.SMALL: (*(_PAIR,) * 4, *(Shape(2, 3), Shape(1, 8)) * 2, _ONE),
    Size.MANY_CLASSES: (Shape(1, 4097),),
    Size.MANY_ROWS: (Shape(1025, 2),),
}
"""A shape that stands here several times is drawn more often."""

_SMALLER: dict[Size, tuple[Shape, ...]] = {
    Size.SMALL: (Shape(2, 2), Shape(1, 3)),
    Size.MANY_CLASSES: (Shape(1, 1025), Shape(1, 2049)),
    Size.MANY_ROWS: (Shape(2, 2),),
}
"""Added after a refutation, to find a smaller counterexample."""


_MOST_LOGITS = 1 << 21
"""A batch of many classes has fewer rows, so that it fits into memory."""


def most_rows(classes: int) -> int:
    """Return the most rows of a batch: two or more, also where one does not fit into memory."""
    return max(2, _MOST_LOGITS // classes)


def _with_classes(shape: Shape, classes: int) -> Shape:
    """Return a shape with this number of classes, and with two rows or more if it had them."""
    return Shape(min(shape.rows, most_rows(classes)), classes)


def shapes(
    size: Size, *, fewest_classes: int, below: int | None, only: int | None = None
) -> tuple[Shape, ...]:
    """Return the shapes of the cases of a size.

    Parameters
    ----------
    size
        What is large about them.
    fewest_classes
        Shapes with fewer classes get this number.
    below
        Only shapes of fewer logits than this, from a longer list.
    only
        If given, every shape gets this number of classes.

    Examples
    --------
    >>> shapes(Size.MANY_ROWS, fewest_classes=1, below=10)
    (Shape(rows=2, classes=2),)
    """
    listed = _SHAPES[size] if below is None else _SMALLER[size] + _SHAPES[size]
    enough = (_with_classes(shape, only or max(shape.classes, fewest_classes)) for shape in listed)
    return tuple(shape for shape in enough if below is None or shape.logits < below)


FEW = 17
"""Up to this many classes a row is a short one, and every number of classes is in the plan."""

LONG = 5000
"""Rows of more classes are those of vocabularies."""

_ROUND = {100, 1000}
"""The classes of CIFAR and of ImageNet."""

_VOCABULARIES = 32000, 50257
"""The classes of Llama 2 and of GPT-2."""

_VECTOR = 32
"""A warp of a GPU has this many threads. Each remainder of the classes by it comes up."""

_BATCHES = 1 << 16
"""A grid of a GPU has this many blocks in one direction, less one."""

_LARGE = 1 << 18
"""Numbers in a large batch of long rows."""


def _beside_powers_of_two(least: int, most: int) -> set[int]:
    powers = (1 << k for k in range(least.bit_length() - 1, most.bit_length()))
    return {power + side for power in powers for side in (-1, 0, 1)}


def _log_uniform(generator: np.random.Generator, low: float, high: float, count: int) -> list[int]:
    """Return integers from low to high, one from each of `count` parts of equal logarithm."""
    parts = (np.arange(count) + generator.random(count)) / count
    return list(map(int, np.floor(low * (high / low) ** parts)))


def planned_classes(generator: np.random.Generator) -> tuple[int, ...]:
    """Return the numbers of classes of long rows, without vocabularies, from small to large.

    They are those beside the powers of two, multiples of 128 up to 1024 and of 1024 up to 4096, two
    round ones, and some that are drawn: together they have each remainder by 32.

    Examples
    --------
    >>> found = planned_classes(np.random.default_rng(1))
    >>> {31, 384, 1000, 3072, 4097} <= {*found}, min(found) > FEW
    (True, True)
    >>> len({n % 32 for n in found})
    32
    """
    found = _beside_powers_of_two(32, 4096) | {*range(128, 1025, 128)} | {*range(1024, 4097, 1024)}
    found |= _ROUND
    missing = sorted({*range(_VECTOR)} - {n % _VECTOR for n in found})
    remainders = generator.permutation(missing).tolist()
    drawn = _log_uniform(generator, FEW + 1, LONG - _VECTOR, len(missing))
    # The next number that has the remainder.
    found |= {n + (rest - n) % _VECTOR for n, rest in zip(drawn, remainders, strict=True)}
    return tuple(sorted(found))


def vocabularies(generator: np.random.Generator) -> tuple[int, ...]:
    """Return the classes of vocabularies: two usual ones, and three that are drawn.

    One of these is shorter than the usual ones, and one is longer than each of 2^16 and 2^17.

    Examples
    --------
    >>> vocabularies(np.random.default_rng(1))
    (12931, 32000, 50257, 126648, 134895)
    """
    (short,) = _log_uniform(generator, LONG + 1, _VOCABULARIES[0], 1)
    (long,) = _log_uniform(generator, (1 << 16) + 1, 1 << 17, 1)
    (longest,) = _log_uniform(generator, (1 << 17) + 1, 160_000, 1)
    return (short, *_VOCABULARIES, long, longest)


def large_batches(generator: np.random.Generator, planned: Sequence[int]) -> tuple[Shape, ...]:
    """Return the shapes of batches of many long rows, and of single long rows.

    Parameters
    ----------
    generator
        What they are drawn from.
    planned
        The numbers of classes to choose from; these have other batches too.

    Examples
    --------
    >>> found = large_batches(np.random.default_rng(1), [20, 63, 257, 500, 1025, 2000])
    >>> [(one.rows, one.classes) for one in found]
    [(136, 2000), (549, 500), (662, 500), (3805, 63), (1, 63), (1, 1025)]
    """

    def nearest(classes: int) -> int:
        return min(planned, key=lambda one: abs(log(one / classes)))

    rows = _log_uniform(generator, 83, 4000, 4)
    several = (Shape(count, nearest(_LARGE // count)) for count in rows)
    single = (Shape(1, nearest(n)) for n in _log_uniform(generator, FEW + 1, LONG, 2))
    return (*several, *single)


def planned_rows(generator: np.random.Generator) -> tuple[int, ...]:
    """Return the numbers of rows of the batches of short rows, from small to large.

    They are 1 to 17, those beside the powers of two to 1024, some that are drawn up to 20,000, and
    one above 65,536.

    Examples
    --------
    >>> found = planned_rows(np.random.default_rng(1))
    >>> {*range(1, 18), 511, 1025} <= {*found}, found[-1] > 65536
    (True, True)
    """
    found = {*range(1, FEW + 1)} | _beside_powers_of_two(32, 1024)
    found |= {*_log_uniform(generator, FEW + 1, 1026, 8), *_log_uniform(generator, 1026, 20_000, 3)}
    beyond = int(generator.integers(_BATCHES + 1, _BATCHES + _BATCHES // 64))
    return (*sorted(found), beyond)
