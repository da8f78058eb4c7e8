"""Where numbers come from: Hypothesis, which shrinks them, or a seeded generator, which is quick.

Regimes and targets take numbers from a :class:`Source`, so that each is written once.

Hypothesis needs time for each choice, however small. So what is discrete about a row is one choice.
"""

import functools
from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from gradcert_implementations import Array

__all__ = ["Drawing", "Seeded", "Source", "bits", "integers_up_to", "padded"]

_T = TypeVar("_T")


class Source(Protocol):
    """Where regimes and targets take numbers from."""

    @property
    def pattern(self) -> int:
        """The numbers that are taken for a row. A wider row repeats them."""

    def number(self, low: float, high: float) -> float:
        """Return a number from low to high."""

    def numbers(self, low: float, high: float, count: int) -> Array:
        """Return a vector of numbers from low to high."""

    def integer(self, most: int, least: int = 0) -> int:
        """Return an integer from least to most."""

    def integers(self, most: int, count: int) -> Sequence[int]:
        """Return this many integers from zero to most."""


@functools.cache
def _vector(low: float, high: float, count: int) -> SearchStrategy[tuple[float, ...]]:
    return st.tuples(*[st.floats(low, high)] * count)


@functools.cache
def integers_up_to(most: int, least: int = 0) -> SearchStrategy[int]:
    """Return the strategy of integers from least to most."""
    return st.integers(least, most)


@functools.cache
def _integers(most: int, count: int) -> SearchStrategy[tuple[int, ...]]:
    return st.tuples(*[integers_up_to(most)] * count)


class Drawing:
    """Numbers drawn by Hypothesis, within a strategy.

    Parameters
    ----------
    draw
        What a composite strategy draws with.
    """

    pattern = 8
    """Hypothesis bounds what it draws, and needs 0.01 ms for each."""

    def __init__(self, draw: DrawFn) -> None:
        self._draw = draw

    def number(self, low: float, high: float) -> float:
        """Return a number from low to high."""
        return self._draw(st.floats(low, high))

    def numbers(self, low: float, high: float, count: int) -> Array:
        """Return a vector of numbers from low to high."""
        return np.array(self._draw(_vector(low, high, count)))

    def integer(self, most: int, least: int = 0) -> int:
        """Return an integer from least to most."""
        return self._draw(integers_up_to(most, least))

    def integers(self, most: int, count: int) -> Sequence[int]:
        """Return this many integers from zero to most."""
        return self._draw(_integers(most, count))


class Seeded:
    """Numbers from a generator of numpy: the same ones for the same seed.

    Parameters
    ----------
    generator
        The generator.

    Examples
    --------
    >>> source = Seeded(np.random.default_rng(1))
    >>> source.integer(5, 5), len(source.numbers(-1, 1, 3))
    (5, 3)
    """

    pattern = 24

    def __init__(self, generator: np.random.Generator) -> None:
        self.generator = generator

    def number(self, low: float, high: float) -> float:
        """Return a number from low to high."""
        return float(self.numbers(low, high, 1)[0])

    def numbers(self, low: float, high: float, count: int) -> Array:
        """Return a vector of numbers from low to high."""
        # The difference of both may be too large for a float.
        part = self.generator.random(count)
        between: Array = low * (1 - part) + high * part
        return between

    def integer(self, most: int, least: int = 0) -> int:
        """Return an integer from least to most."""
        return int(self.generator.integers(least, most, endpoint=True))

    def integers(self, most: int, count: int) -> Sequence[int]:
        """Return this many integers from zero to most."""
        return list(map(int, self.generator.integers(0, most, count, endpoint=True)))


def bits(number: int, count: int) -> Array:
    """Return the lowest bits of a number: many choices drawn as one.

    Examples
    --------
    >>> bits(0b110, 4).tolist()
    [False, True, True, False]
    """
    return np.array([bool(number >> place & 1) for place in range(count)])


def padded(options: Sequence[_T]) -> Sequence[_T]:
    """Repeat the last options, the least simple ones, up to a power of two.

    With a power-of-two number of options each of several options drawn as one number owns whole
    bits, so Hypothesis can shrink one of them independently of the rest.

    Examples
    --------
    >>> padded("abc")
    ('a', 'b', 'c', 'c')
    """
    return (*options, *options[2 * len(options) - (1 << (len(options) - 1).bit_length()) :])
