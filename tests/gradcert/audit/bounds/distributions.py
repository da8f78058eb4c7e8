"""How a test draws its numbers."""

import re
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

import numpy as np

from gradcert_implementations import Array

__all__ = ["NORMAL", "ONES", "Distribution", "Shape", "distribution"]


class Shape(StrEnum):
    """The kinds of distributions."""

    ONES = "ones"
    NORMAL = "normal"
    UNIFORM = "uniform"


@dataclass(frozen=True)
class Distribution:
    """How numbers are drawn.

    Attributes
    ----------
    shape
        ``ones`` (nothing is drawn), ``normal`` or ``uniform``.
    low, high
        The range of a uniform distribution; of a normal one zero and its standard deviation.

    Examples
    --------
    >>> print(Distribution(Shape.UNIFORM, -100, 100))
    uniform:-100,100
    """

    shape: Shape
    low: float = 0.0
    high: float = 1.0

    def __str__(self) -> str:
        match self.shape:
            case Shape.UNIFORM:
                return f"{self.shape}:{self.low:g},{self.high:g}"
            case Shape.NORMAL if self.high != 1:
                return f"{self.shape}:{self.high:g}"
        return str(self.shape)

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Draw numbers in binary32, which is enough for a test's data, as binary64."""
        match self.shape:
            case Shape.ONES:
                return np.ones(shape)
            case Shape.NORMAL:
                return generator.standard_normal(shape, np.float32) * np.float64(self.high)
            case Shape.UNIFORM:
                share = generator.random(shape, np.float32)
                return self.low + share * np.float64(self.high - self.low)


NORMAL, ONES = Distribution(Shape.NORMAL), Distribution(Shape.ONES)

_WRITTEN = re.compile(r"(?P<shape>[a-z]+)(?::(?P<numbers>[^:]*))?")


def distribution(text: str) -> Distribution:
    """Return the distribution that a text names.

    Parameters
    ----------
    text
        ``ones``, ``normal``, ``normal:SCALE`` or ``uniform:LOW,HIGH``.

    Raises
    ------
    ValueError
        For anything else, in one line.

    Examples
    --------
    >>> distribution("normal:10")
    Distribution(shape=<Shape.NORMAL: 'normal'>, low=0.0, high=10.0)
    >>> distribution("uniform")
    Distribution(shape=<Shape.UNIFORM: 'uniform'>, low=0.0, high=1.0)
    >>> distribution("gauss")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: 'gauss' is no distribution; expected ones, normal, normal:SCALE or uniform:LOW,HIGH
    """
    wrong = ValueError(
        f"{text!r} is no distribution; expected ones, normal, normal:SCALE or uniform:LOW,HIGH"
    )
    found = _WRITTEN.fullmatch(text)
    try:
        shape = Shape(found["shape"] if found else "")
        given = found["numbers"] if found else None
        numbers = [] if given is None else [float(number) for number in given.split(",")]
    except ValueError:
        raise wrong from None
    if not all(map(isfinite, numbers)):
        raise wrong
    match shape, numbers:
        case _, []:
            return Distribution(shape)
        case Shape.NORMAL, [scale] if scale > 0:
            return Distribution(shape, 0.0, scale)
        case Shape.UNIFORM, [low, high] if low < high:
            return Distribution(shape, low, high)
    raise wrong
