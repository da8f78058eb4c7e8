"""Logarithmic scales of pictures: their decades and labels."""

from collections.abc import Iterable, Mapping
from math import ceil

from matplotlib.axis import Axis
from matplotlib.ticker import NullLocator

__all__ = ["decades", "label"]


def _power(exponent: int) -> str:
    """Return a power of ten as a label.

    Examples
    --------
    >>> _power(2), _power(-2), _power(16), _power(-28)
    ('100', '0.01', '10¹⁶', '10⁻²⁸')
    """
    if -2 <= exponent <= 3:
        return f"{10.0**exponent:g}"
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def decades(low: int, high: int, most: int) -> range:
    """Return exponents from high down to low at equal distances, about `most` of them."""
    return range(high, low - 1, -max(1, ceil((high - low) / most)))


def label(axis: Axis, before: Mapping[float, str], exponents: Iterable[int]) -> None:
    """Label powers of ten on an axis, and the ticks in `before`."""
    ticks = dict(before) | {10.0**exponent: _power(exponent) for exponent in exponents}
    axis.set_ticks(list(ticks), list(ticks.values()))
    axis.set_minor_locator(NullLocator())
