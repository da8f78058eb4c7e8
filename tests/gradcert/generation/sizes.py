"""How many rows and classes a case has.

There are few shapes, because some subjects compile for each one.
"""

from dataclasses import dataclass
from enum import Enum

__all__ = ["Shape", "Size", "shapes"]


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
