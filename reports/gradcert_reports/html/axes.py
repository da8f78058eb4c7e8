"""How the pictures are drawn alike: the mark of each implementation, labels, scales."""

from collections.abc import Callable, Iterable, Mapping
from math import ceil, log10

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from gradcert_reports.text.junit import well_formed

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
    "short",
    "top",
]

_COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7")
"""Of Okabe and Ito: the colour-blind tell them apart, and they show on white and on black."""

_MARKERS = "osDv^PX*"

MARKED = len(_MARKERS)
"""Implementations in one picture: more could not be told apart."""

ALLOWED = 2
"""Budgets."""

FAR = 1e20
"""Budgets or ulps: what is more is drawn here, at the end; no digit of it is right."""


def short(text: str, most: int) -> str:
    """Return a label of `most` characters at most, on one line.

    Examples
    --------
    >>> short("near  one", 12), short("subnormal, offset", 12)
    ('near one', 'subnormal, …')
    """
    folded = " ".join(well_formed(text).split())
    return folded if len(folded) <= most else f"{folded[: most - 1]}…"


def clipped(value: float, most: float) -> float:
    """Return a value moved to the nearer end of a scale if it is off it."""
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
    """Return exponents from high down to low, evenly, not many more than there is room for."""
    return range(high, low - 1, -max(1, ceil((high - low) / most)))


def label(axis: Axis, before: Mapping[float, str], exponents: Iterable[int]) -> None:
    """Label powers of ten on an axis, and what is given besides."""
    ticks = dict(before) | {10.0**exponent: _power(exponent) for exponent in exponents}
    axis.set_ticks(list(ticks), list(ticks.values()))
    axis.set_minor_locator(NullLocator())


def top(values: Iterable[float], most: float) -> int:
    """Return the exponent of a power of ten above all values that are not off the scale."""
    return max(1, ceil(log10(max((min(value, most) for value in values if value > 0), default=1))))


def scale_budgets(set_scale: Callable[..., None], axis: Axis, values: Iterable[float]) -> float:
    """Make an axis linear up to the budgets allowed and logarithmic above; return its end."""
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
    """Draw points, those that fall on the same half pixel once."""
    kept: dict[tuple[int, int], tuple[float, float]] = {}
    for x, y in points:
        across, up = axes.transData.transform((x, y))
        kept.setdefault((round(2 * across), round(2 * up)), (x, y))
    line = mark(place)
    line.set_data([x for x, _ in kept.values()], [y for _, y in kept.values()])
    axes.add_line(line)
