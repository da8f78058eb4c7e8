"""What all pictures draw in the same way: the mark of each implementation, labels, scales."""

from collections.abc import Callable, Iterable, Mapping
from math import ceil, log10

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

__all__ = [
    "ALLOWED",
    "FAR",
    "MARKED",
    "clipped",
    "decades",
    "dots",
    "label",
    "mark",
    "scale_budgets",
    "top",
]

_COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7")
"""Okabe and Ito's: colour-blind readers can distinguish them, on white and on black."""

_MARKERS = "osDv^PX*"

MARKED = len(_MARKERS)
"""The most implementations in one picture: each needs a marker of its own."""

ALLOWED = 2
"""Budgets that are allowed, as in the oracle, which reports may not import."""

FAR = 1e20
"""Budgets or ulps: more is drawn here, at the end of the scale, because no digit is right."""


def clipped(value: float, most: float) -> float:
    """Return a value, moved to the nearer end of the scale if it is outside."""
    return min(max(value, 0.0), most)


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


def top(values: Iterable[float], most: float) -> int:
    """Return the exponent of a power of ten above all values; values above `most` count as it."""
    return max(1, ceil(log10(max((min(value, most) for value in values if value > 0), default=1))))


def scale_budgets(set_scale: Callable[..., None], axis: Axis, values: Iterable[float]) -> float:
    """Make an axis linear up to the allowed budgets and logarithmic above; return its end."""
    end = top(values, FAR)
    set_scale("symlog", linthresh=ALLOWED, linscale=0.7 * log10(10.0**end / ALLOWED))
    label(
        axis,
        {0: "0", 0.5: "0.5", 1: "1", 1.5: "1.5", ALLOWED: "2"},
        decades(1 if end < 5 else 2, end, 4),
    )
    return 2 * 10.0**end


def mark(place: int) -> Line2D:
    """Return an empty line in the colour and with the marker of an implementation."""
    marker, colour = _MARKERS[place], _COLOURS[place % len(_COLOURS)]
    return Line2D(
        [], [], linestyle="none", marker=marker, color=colour, markersize=6, fillstyle="none"
    )


def dots(axes: Axes, place: int, points: Iterable[tuple[float, float]]) -> None:
    """Draw points. Points on the same half pixel are drawn once."""
    kept: dict[tuple[int, int], tuple[float, float]] = {}
    for x, y in points:
        across, up = axes.transData.transform((x, y))
        kept.setdefault((round(2 * across), round(2 * up)), (x, y))
    line = mark(place)
    line.set_data([x for x, _ in kept.values()], [y for _, y in kept.values()])
    axes.add_line(line)
