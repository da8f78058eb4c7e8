"""The simplest numbers near a number or in an interval: people write 0.1, 1/3, 64."""

from collections.abc import Iterator
from fractions import Fraction
from math import floor, frexp, isfinite, ldexp, log2, log10

__all__ = ["simple_between", "simple_near", "simplest_between", "whole_between"]

_DIGITS = 4
"""A number of at most this many digits counts as simple."""

_SMALLEST, _LARGEST = 1e-290, 1e290
"""Nobody writes a number beyond these, and powers near it are not in range."""


def whole_between(low: int, high: int) -> list[int]:
    """Return whole numbers x with ``low < x <= high``, those of the roundest binary form first.

    Examples
    --------
    >>> whole_between(60, 66)
    [64, 66, 61]
    """
    if high <= low:
        return []
    width = high.bit_length()
    rounded = (high >> k << k for k in range(width, -1, -1))
    found = dict.fromkeys(x for x in rounded if x > low and x > 0)
    return [*found, *([low + 1] if low + 1 not in found and low >= 0 and high - low > 1 else [])][
        :20
    ]


def _simple_near(value: float) -> Iterator[float]:
    """Yield numbers of few digits, fractions and powers of two near a positive number."""
    place = floor(log10(value))
    for digits in range(1, _DIGITS + 1):
        if digits == 3:
            for largest in (8, 16):
                yield float(Fraction(value).limit_denominator(largest))
            yield 1 / max(1, round(1 / value)) if value < 1 else float(round(value))
            yield 2.0 ** round(log2(value))
        # By way of its decimal form, because 3 * 10 ** -1 is not 0.3.
        yield float(f"{value:.{digits - 1}e}")
        if digits in (2, 3):  # Half a step of the place before: 0.15, 2.5.
            step = 5 * 10.0 ** (place - digits + 1)
            yield float(f"{round(value / step) * step:.{digits - 1}e}")


def simple_near(value: float, uncertainty: float) -> tuple[float, ...]:
    """Return simple numbers that a number may be, the simplest first, and the number itself.

    Examples
    --------
    >>> simple_near(0.3332, 0.001)
    (0.3333333333333333, 0.333, 0.3332)
    >>> simple_near(-2.003, 0.01)
    (-2.0, -2.003)
    """
    if not value or not isfinite(value):
        return ()
    sign, size = (1, value) if value > 0 else (-1, -value)
    if not _SMALLEST <= size <= _LARGEST:
        return (value,)
    near = [x for x in _simple_near(size) if x and abs(x - size) <= uncertainty]
    return tuple(sign * x for x in dict.fromkeys([*near, size]))


def simplest_between(low: float, high: float) -> float:
    """Return the number of fewest digits x with ``low < x <= high``, both from zero up.

    Examples
    --------
    >>> simplest_between(61.7, 66.2), simplest_between(0.0, 0.37), simplest_between(5.0, 8.0)
    (64.0, 0.1, 8.0)
    >>> simplest_between(0.0, 5e-324)  # No power of ten is that small.
    5e-324
    """
    if not high > low or high < _SMALLEST:
        return high
    power = ldexp(0.5, frexp(high)[1])
    if power > low and power >= 1:
        return power
    first = floor(log10(high))
    for place in range(first, first - 17, -1):
        multiple = floor(high / 10.0**place)
        # The simplest is the one with the least last digit: 10 rather than 12 or 17.
        least = floor(low / 10.0**place) + 1
        if least <= multiple and low < (found := float(f"{least}e{place}")) <= high:
            return found
    return high


def simple_between(low: float, high: float) -> list[float]:
    """Return numbers x with ``low < x <= high`` that a bound may be, the simplest first.

    Examples
    --------
    >>> simple_between(12.3, 16.5)
    [16.0, 13.0, 12.4, 12.300000000012302, 16.5]
    >>> simple_between(0.0002, 0.00025)
    [0.00021, 0.000244140625, 0.000201, 0.00020000000000020002, 0.00025]
    """
    if not high > low:
        return [high]
    power = ldexp(0.5, frexp(high)[1])
    digits = (simplest_between(low, x) for x in (high, (low + high) / 2, low + (high - low) / 9))
    ends = (low * (1 + 1e-12), high)
    found = (simplest_between(low, high), power, floor(low) + 1.0, *digits, *ends)
    return list(dict.fromkeys(x for x in found if low < x <= high))
