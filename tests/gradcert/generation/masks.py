"""Masks: which classes of a row are hidden, and the number that hides them."""

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product

import numpy as np

from gradcert_implementations import Array
from gradcert_oracle import Format

__all__ = ["Mask", "Pattern", "masks"]

_LARGEST_BLOCK = 4096

_FINITE = (-1e4, -1e9, -65504.0)
"""Finite numbers that people use for -inf; the most negative number of the format is another."""


class Pattern(StrEnum):
    """Which classes are hidden."""

    FRONT = "a block of {} in front"
    MIDDLE = "a block of {} in the middle"
    END = "a block of {} at the end"
    TAIL = "a padded tail"
    ALL_BUT_ONE = "all but one"
    ALL_BUT_TWO = "all but two"
    ALTERNATING = "every second class"


_BLOCKS = (Pattern.FRONT, Pattern.MIDDLE, Pattern.END)


@dataclass(frozen=True)
class Mask:
    """A mask for a row.

    Attributes
    ----------
    pattern, block
        Which classes are hidden; the block counts where the pattern is about one.
    value
        The number that stands there: -inf, or a finite number.
    """

    pattern: Pattern
    block: int = 1
    value: float = -np.inf

    def __str__(self) -> str:
        hidden = self.pattern.value.format(self.block)
        return hidden if np.isinf(self.value) else f"{hidden}, by {self.value:.5g}"

    def fits(self, classes: int) -> bool:
        """Return whether a row of this length has a class that is hidden and one that is not."""
        needed = {Pattern.ALL_BUT_TWO: 3, Pattern.MIDDLE: self.block + 2}
        return classes >= needed.get(self.pattern, self.block + 1)

    def hidden(self, classes: int, kept: int) -> Array:
        """Return which classes of a row are hidden.

        Parameters
        ----------
        classes
            The length of the row.
        kept
            A class that stays where all but one or two are hidden, and the side that a padded tail
            leaves.

        Examples
        --------
        >>> Mask(Pattern.MIDDLE, 2).hidden(6, 0).tolist()
        [False, False, True, True, False, False]
        >>> Mask(Pattern.ALL_BUT_TWO).hidden(4, 3).tolist()
        [False, True, True, False]
        """
        place = np.arange(classes)
        match self.pattern:
            case Pattern.FRONT:
                found = place < self.block
            case Pattern.END:
                found = place >= classes - self.block
            case Pattern.MIDDLE:
                start = (classes - self.block) // 2
                aligned = round(start / self.block) * self.block
                start = aligned if 0 < aligned < classes - self.block else max(start, 1)
                found = (place >= start) & (place < start + self.block)
            case Pattern.TAIL:
                found = place > min(kept, classes - 2)
            case Pattern.ALL_BUT_ONE:
                found = place != kept
            case Pattern.ALL_BUT_TWO:
                found = (place != kept) & (place != (kept + 1) % classes)
            case Pattern.ALTERNATING:
                found = place % 2 != kept % 2
        return found


_SIZES = tuple(1 << k for k in range(_LARGEST_BLOCK.bit_length()))
_OTHERS = tuple(Mask(pattern) for pattern in Pattern if pattern not in _BLOCKS)
_SHORT = (Mask(Pattern.FRONT, 4), Mask(Pattern.END, 4), *_OTHERS)


def masks(format: Format) -> tuple[Mask, ...]:
    """Return the masks of the plan for a format: with -inf, and with each finite number it has.

    Examples
    --------
    >>> from gradcert_oracle import BINARY16
    >>> found = [str(mask) for mask in masks(BINARY16)]
    >>> found[0], found[-1]
    ('a block of 1 in front', 'every second class, by -10000')
    """
    finite = sorted({*(value for value in _FINITE if -value <= format.max), -format.max})
    return (
        *(Mask(pattern, size) for pattern, size in product(_BLOCKS, _SIZES)),
        *_OTHERS,
        *(replace(mask, value=value) for value, mask in product(finite, _SHORT)),
    )
