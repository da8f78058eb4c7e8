"""Masks: which classes of a row are hidden, and the number that hides them."""

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product

import numpy as np

from gradcert_implementations import Array
from gradcert_oracle import Format

__all__ = ["BLOCKS", "CAUSAL", "HIDING", "Mask", "Pattern", "masks"]

_LARGEST_BLOCK = 4096

_GOLDEN = 2654435761
"""The golden part of 2^32, a prime number."""

_FINITE = (-1e4, -1e9, -65504.0)
"""Finite numbers that people use for -inf; the most negative number of the format is another."""

HIDING = 1e3
"""The size of the smallest number in place of -inf that is drawn."""


class Pattern(StrEnum):
    """Which classes are hidden."""

    FRONT = "a block of {} in front"
    MIDDLE = "a block of {} in the middle"
    END = "a block of {} at the end"
    TAIL = "a padded tail"
    ALL_BUT_ONE = "all but one"
    ALL_BUT_TWO = "all but two"
    ALL_BUT_A_BLOCK = "all but a block of {}"
    ALTERNATING = "every second class"
    ALTERNATING_BLOCKS = "every second block of {}"
    ENDS = "blocks of {} at both ends"
    SCATTERED = "one class in {}, scattered"


BLOCKS = (Pattern.FRONT, Pattern.MIDDLE, Pattern.END)
"""Rows with one of these masks hide the same classes, whatever their labels are."""


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
        needed = {
            Pattern.ALL_BUT_TWO: 3,
            Pattern.MIDDLE: self.block + 2,
            Pattern.ENDS: 2 * self.block + 1,
            Pattern.SCATTERED: 2 * self.block,
        }
        return classes >= needed.get(self.pattern, self.block + 1)

    def hidden(self, classes: int, kept: int) -> Array:
        """Return which classes of a row are hidden.

        Parameters
        ----------
        classes
            The length of the row.
        kept
            A class that stays where all but one, two or a block are hidden, and the side that a
            padded tail leaves.

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
            case Pattern.ALL_BUT_A_BLOCK:
                found = place // self.block != kept // self.block
            case Pattern.ALTERNATING:
                found = place % 2 != kept % 2
            case Pattern.ALTERNATING_BLOCKS:
                found = place // self.block % 2 == 1
            case Pattern.ENDS:
                found = (place < self.block) | (place >= classes - self.block)
            case Pattern.SCATTERED:
                # A multiplicative hash, and one class for certain.
                found = (place + 1) * _GOLDEN % (1 << 32) < (1 << 32) // self.block
                found[(kept + 1) % classes] = True
                found[kept] = False
        return found


CAUSAL = Mask(Pattern.TAIL)
"""A row that stays up to its own number has this mask, as in the attention of a decoder."""

_SIZES = tuple(1 << k for k in range(_LARGEST_BLOCK.bit_length()))
_WITHOUT_BLOCK = (Pattern.TAIL, Pattern.ALL_BUT_ONE, Pattern.ALL_BUT_TWO, Pattern.ALTERNATING)
_OTHERS = (
    *map(Mask, _WITHOUT_BLOCK),
    Mask(Pattern.ALTERNATING_BLOCKS, 16),
    Mask(Pattern.ENDS, 1),
    Mask(Pattern.SCATTERED, 3),
    Mask(Pattern.SCATTERED, 16),
)
_SHORT = (Mask(Pattern.FRONT, 4), Mask(Pattern.END, 4), *_OTHERS)


def masks(format: Format, generator: np.random.Generator) -> tuple[Mask, ...]:
    """Return the masks of the plan for a format: with -inf, and with finite numbers it has.

    One of the finite numbers is drawn for each pattern, between -1e3 and the most negative one.

    Examples
    --------
    >>> from gradcert_oracle import BINARY16
    >>> found = [str(mask) for mask in masks(BINARY16, np.random.default_rng(1))]
    >>> found[0], found[-1]
    ('a block of 1 in front', 'one class in 16, scattered, by -10000')
    """
    finite = sorted({*(value for value in _FINITE if -value <= format.max), -format.max})
    exponents = generator.uniform(np.log(HIDING), np.log(format.max), len(_SHORT))
    return (
        *(Mask(pattern, size) for pattern, size in product(BLOCKS, _SIZES)),
        *_OTHERS,
        *(replace(one, value=-float(np.exp(e))) for one, e in zip(_SHORT, exponents, strict=True)),
        *(replace(one, value=value) for value, one in product(finite, _SHORT)),
    )
