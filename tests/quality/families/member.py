"""What a family is, and what is drawn from it."""

from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from gradcert_implementations import Array, Function, Implementation

__all__ = [
    "CLASSES",
    "ROWS",
    "Drawn",
    "Example",
    "Family",
    "Member",
    "gradient",
    "log_uniform",
    "rows_of_zeros",
]

CLASSES, ROWS = 100_000, 50_000
"""No condition needs more classes than a large vocabulary has, or more rows than a large batch."""


@dataclass(frozen=True)
class Example:
    """An input of the domain.

    Attributes
    ----------
    logits, targets
        Of shape (rows, classes), in binary32.
    """

    logits: Array
    targets: Array


@dataclass(frozen=True)
class Drawn:
    """A wrong gradient.

    Attributes
    ----------
    parameters
        What was drawn, in words.
    function
        Returns dE/dz of logits and targets.
    example
        Returns an input on which it is wrong.
    """

    parameters: str
    function: Function
    example: Callable[[], Example]


@dataclass(frozen=True)
class Member:
    """A drawn member of a family.

    Attributes
    ----------
    family
        The name of the family.
    number
        Its number in the family, from 0 up.
    drawn
        What is wrong with it, and when.
    """

    family: str
    number: int
    drawn: Drawn

    @property
    def name(self) -> str:
        """The name of the subject that it is."""
        return f"{self.family}-{self.number}"

    @property
    def subject(self) -> Implementation:
        """The gradient as an implementation, in one format."""
        return Implementation(
            name=self.name,
            functions={"dE/dz": self.drawn.function},
            formats=("binary32",),
            summary=self.drawn.parameters,
        )


@dataclass(frozen=True)
class Family:
    """A kind of mistake.

    Attributes
    ----------
    name
        Its stable name.
    draw
        Draws a wrong gradient from a generator.
    size
        How many members are measured.
    wanted
        The share of them that must be refuted.
    """

    name: str
    draw: Callable[[np.random.Generator], Drawn]
    size: int = 6
    wanted: float = 1.0

    def member(self, number: int) -> Member:
        """Return a member; the same number gives the same one."""
        generator = np.random.default_rng([crc32(self.name.encode()), number])
        return Member(self.name, number, self.draw(generator))


def log_uniform(generator: np.random.Generator, low: int, high: int) -> int:
    """Return an integer from low to high; each doubling is equally likely."""
    drawn = int(low * ((high + 1) / low) ** generator.random())
    return min(drawn, high)


def _largest(logits: Array) -> Array:
    return logits.max(axis=1, keepdims=True)


def _total(powers: Array) -> Array:
    total: Array = powers.sum(axis=1, keepdims=True)
    return total


def gradient(
    logits: Array,
    targets: Array,
    *,
    largest: Callable[[Array], Array] = _largest,
    power: Callable[[Array], Array] = np.exp,
    total: Callable[[Array], Array] = _total,
) -> Array:
    """Return ``o_j - t_j``, with another function in place of a right one.

    Parameters
    ----------
    logits, targets
        Of shape (rows, classes).
    largest
        From the logits to what is subtracted, of shape (rows, 1).
    power
        The exponential.
    total
        From the exponentials to their sum, of shape (rows, 1).
    """
    powers = power(logits - largest(logits))
    difference: Array = powers / total(powers) - targets
    return difference


def rows_of_zeros(rows: int, classes: int, label: int = 0) -> Example:
    """Return equal logits, every row with the same label."""
    targets = np.zeros((rows, classes), np.float32)
    targets[:, label] = 1
    return Example(np.zeros((rows, classes), np.float32), targets)
