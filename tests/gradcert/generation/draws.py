"""What regimes and targets draw: vectors of numbers and integers, each of them one choice.

Hypothesis needs time for each choice, however small. So what is discrete about a row is one choice.
"""

import functools
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from gradcert_implementations import Array

__all__ = ["PATTERN", "bits", "floats", "integers", "integers_up_to", "padded"]

PATTERN = 8
"""Numbers drawn for a row. A wider row repeats them, because Hypothesis bounds what it draws."""

_T = TypeVar("_T")


@functools.cache
def _vector(low: float, high: float, count: int) -> SearchStrategy[tuple[float, ...]]:
    return st.tuples(*[st.floats(low, high)] * count)


def floats(draw: DrawFn, low: float, high: float, count: int) -> Array:
    """Draw a vector of numbers from low to high."""
    return np.array(draw(_vector(low, high, count)))


@functools.cache
def integers_up_to(most: int, least: int = 0) -> SearchStrategy[int]:
    """Return the strategy of integers from least to most."""
    return st.integers(least, most)


@functools.cache
def integers(most: int, count: int) -> SearchStrategy[tuple[int, ...]]:
    """Return the strategy of this many integers from zero to most."""
    return st.tuples(*[integers_up_to(most)] * count)


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
