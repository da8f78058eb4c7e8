"""How many rows and classes a case has: those of the search, and those of the plan.

The search has few shapes, because some subjects compile for each one.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

__all__ = ["FEW", "Shape", "Size", "planned_classes", "planned_rows", "shapes", "vocabularies"]


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


def _with_classes(shape: Shape, classes: int) -> Shape:
    """Return a shape with this number of classes, and with two rows or more if it had them."""
    return Shape(min(shape.rows, max(2, _MOST_LOGITS // classes)), classes)


def shapes(size: Size, *, fewest_classes: int, below: int | None) -> tuple[Shape, ...]:
    """Return the shapes of the cases of a size.

    Parameters
    ----------
    size
        What is large about them.
    fewest_classes
        Shapes with fewer classes get this number.
    below
        Only shapes of fewer logits than this, from a longer list.

    Examples
    --------
    >>> shapes(Size.MANY_ROWS, fewest_classes=1, below=10)
    (Shape(rows=2, classes=2),)
    """
    listed = _SHAPES[size] if below is None else _SMALLER[size] + _SHAPES[size]
    enough = (_with_classes(shape, max(shape.classes, fewest_classes)) for shape in listed)
    return tuple(shape for shape in enough if below is None or shape.logits < below)


FEW = 17
"""Up to this many classes a row is a short one, and every number of classes is in the plan."""

_DRAWN_CLASSES, _MOST_DRAWN = 20, 5000
_DRAWN_ROWS, _MOST_ROWS = 8, 1100

_BATCHES = 1 << 16
"""A grid of a GPU has this many blocks in one direction, less one."""

_VOCABULARIES = 32000, 50257
"""The classes of Llama 2 and of GPT-2."""


def _beside_powers_of_two(least: int, most: int) -> set[int]:
    powers = (1 << k for k in range(least.bit_length() - 1, most.bit_length()))
    return {power + side for power in powers for side in (-1, 0, 1)}


def _log_uniform(generator: np.random.Generator, low: float, high: float, count: int) -> set[int]:
    drawn = np.exp(generator.uniform(np.log(low), np.log(high), count))
    return set(map(int, np.floor(drawn)))


def planned_classes(generator: np.random.Generator) -> tuple[int, ...]:
    """Return the numbers of classes of long rows, without vocabularies, from small to large.

    They are those beside the powers of two, multiples of 128 up to 1024 and of 1024 up to 4096, and
    some that are drawn.

    Examples
    --------
    >>> found = planned_classes(np.random.default_rng(1))
    >>> {31, 384, 3072, 4097} <= {*found}, min(found) > FEW
    (True, True)
    """
    found = _beside_powers_of_two(32, 4096) | {*range(128, 1025, 128)} | {*range(1024, 4097, 1024)}
    return tuple(sorted(found | _log_uniform(generator, FEW + 1, _MOST_DRAWN + 1, _DRAWN_CLASSES)))


def vocabularies(generator: np.random.Generator) -> tuple[int, ...]:
    """Return the classes of vocabularies: two usual ones, and one beyond each of 2^16 and 2^17.

    Examples
    --------
    >>> vocabularies(np.random.default_rng(1))
    (32000, 50257, 67474, 135265)
    """
    beyond = (int(generator.integers(power + 1, power + power // 16)) for power in (2**16, 2**17))
    return (*_VOCABULARIES, *beyond)


def planned_rows(generator: np.random.Generator) -> tuple[int, ...]:
    """Return the numbers of rows of the batches of short rows, from small to large.

    They are 1 to 17, those beside the powers of two to 1024, some that are drawn, and one above
    65,536.

    Examples
    --------
    >>> found = planned_rows(np.random.default_rng(1))
    >>> {*range(1, 18), 511, 1025} <= {*found}, found[-1] > 65536
    (True, True)
    """
    found = {*range(1, FEW + 1)} | _beside_powers_of_two(32, 1024)
    found |= _log_uniform(generator, FEW + 1, _MOST_ROWS + 1, _DRAWN_ROWS)
    beyond = int(generator.integers(_BATCHES + 1, _BATCHES + _BATCHES // 64))
    return (*sorted(found), beyond)
