"""The pictures of what was found: budgets used, and what is lost where a target is confident.

Each has one panel a format, an SVG of its own, so that a page can set the panels side by side or
below each other. Implementations differ by colour and by marker.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from typing import TypeVar

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from gradcert_reports.junit import well_formed
from gradcert_reports.numbers import budgets
from gradcert_reports.records import CheckResult, Report, Sample
from gradcert_reports.svg import INK, canvas, inline, look

__all__ = ["Picture", "against_regime", "against_size", "cancellation"]

_COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7")
"""Of Okabe and Ito: the colour-blind tell them apart, and they show on white and on black."""

_MARKERS = "osDv^PX*"

_MOST = len(_MARKERS)
"""Implementations in one picture: more could not be told apart."""

_WIDTH = 400
_HEIGHT = 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 12, 34, 44
"""Pixels around the axes, for titles and labels."""

_ALLOWED = 2
_HUGE = 1e300
_FLOOR = 0.01
"""Ulps: what is less, zero too, is drawn here, at the bottom."""

_P = TypeVar("_P")
_Found = Mapping[str, Mapping[int, Sequence[_P]]]
"""What there is to draw, by format, then by the place of the certificate in the report."""

_Named = Sequence[tuple[str, Sequence[_P]]]
"""The implementations of a picture, and what there is of each in one panel."""


@dataclass(frozen=True)
class Picture:
    """A picture, ready for the page.

    Attributes
    ----------
    quantity
        What it is about.
    key
        The marker of each implementation, and the place of its certificate in the report.
    left_out
        How many implementations more than can be told apart there are.
    panels
        One a format.
    """

    quantity: str
    key: tuple[tuple[str, int], ...]
    left_out: int
    panels: tuple[str, ...]


def _gather(
    report: Report, quantity: str, points: Callable[[CheckResult], Iterable[_P]]
) -> _Found[_P]:
    """Return the points of the results about a quantity."""
    found: dict[str, dict[int, list[_P]]] = {}
    for place, certificate in enumerate(report.certificates):
        for result in certificate.results:
            if result.quantity == quantity and (some := list(points(result))):
                found.setdefault(result.format, {}).setdefault(place, []).extend(some)
    return found


def _samples(report: Report) -> tuple[str, _Found[Sample]]:
    """Return the gradient's samples where there are any, else those of the first quantity."""
    results = [result for one in report.certificates for result in one.results if result.samples]
    quantities = [result.quantity for result in results]
    quantity = "dE/dz" if "dE/dz" in quantities else next(iter(quantities), "")

    def finite(result: CheckResult) -> Iterable[Sample]:
        return (s for s in result.samples if isfinite(s.budgets) and isfinite(s.largest_logit))

    return quantity, _gather(report, quantity, finite)


def _regime(sample: Sample) -> str:
    """Return what a row is like, without how it was moved, masked and aimed."""
    return sample.regime.partition(",")[0]


def _short(text: str, most: int) -> str:
    """Return a label that fits."""
    folded = " ".join(well_formed(text).split())
    return folded if len(folded) <= most else f"{folded[: most - 1]}…"


def _clipped(value: float) -> float:
    return min(max(value, 0.0), _HUGE)


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


def _decades(low: int, high: int, most: int) -> range:
    """Return exponents from high down to low, evenly, not more than there is room for."""
    return range(high, low - 1, -max(1, ceil((high - low) / most)))


def _label(axis: Axis, before: Mapping[float, str], exponents: Iterable[int]) -> None:
    ticks = dict(before) | {10.0**exponent: _power(exponent) for exponent in exponents}
    axis.set_ticks(list(ticks), list(ticks.values()))
    axis.set_minor_locator(NullLocator())


def _top(values: Iterable[float], least: int) -> int:
    """Return the exponent of a power of ten above all the values."""
    return max(least, ceil(log10(max((min(v, _HUGE) for v in values if v > 0), default=1))))


def _scale_budgets(set_scale: Callable[..., None], axis: Axis, values: Iterable[float]) -> float:
    """Make an axis linear up to the budgets allowed and logarithmic above; return its end."""
    top = _top(values, 1)
    set_scale("symlog", linthresh=_ALLOWED, linscale=0.7 * log10(10.0**top / _ALLOWED))
    _label(
        axis,
        {0: "0", 0.5: "0.5", 1: "1", 1.5: "1.5", _ALLOWED: "2"},
        _decades(1 if top < 5 else 2, top, 4),
    )
    return 2 * 10.0**top


def _mark(place: int) -> Line2D:
    """Return an empty line in the colour and with the marker of an implementation."""
    marker, colour = _MARKERS[place], _COLOURS[place % len(_COLOURS)]
    return Line2D(
        [], [], linestyle="none", marker=marker, color=colour, markersize=6, fillstyle="none"
    )


def _dots(axes: Axes, place: int, points: Iterable[tuple[float, float]]) -> None:
    """Draw points, those that fall on the same half pixel once."""
    kept: dict[tuple[int, int], tuple[float, float]] = {}
    for x, y in points:
        across, up = axes.transData.transform((x, y))
        kept.setdefault((round(2 * across), round(2 * up)), (x, y))
    mark = _mark(place)
    mark.set_data([x for x, _ in kept.values()], [y for _, y in kept.values()])
    axes.add_line(mark)


def _picture(
    name: str,
    report: Report,
    quantity: str,
    found: _Found[_P],
    draw: Callable[[Axes, _Named[_P]], str],
    height: int = _HEIGHT,
    left: int = _LEFT,
) -> Picture | None:
    """Return a picture of what was found; `draw` fills a panel and says in words what it shows."""
    places = sorted({place for panel in found.values() for place in panel})
    shown = places[:_MOST]
    if not shown:
        return None
    panels, key = [], []
    with look():
        for number, (format, series) in enumerate(found.items()):
            figure = canvas(_WIDTH, height)
            inside = (_WIDTH - left - _RIGHT) / _WIDTH, (height - _TOP - _BOTTOM) / height
            axes = figure.add_axes((left / _WIDTH, _BOTTOM / height, *inside))
            axes.set_title(_short(format, 40))
            named = [(report.certificates[place].name, series.get(place, ())) for place in shown]
            said = draw(axes, named)
            panels.append(inline(figure, f"{format}: {said}", f"{name}{number}-"))
        for i, place in enumerate(shown):
            figure = canvas(14, 14)
            mark = _mark(i)
            mark.set_data([0.5], [0.5])
            figure.add_artist(mark)
            key.append((inline(figure, "", f"{name}-key{i}-"), place))
    return Picture(quantity, tuple(key), len(places) - len(shown), tuple(panels))


def _told(named: _Named[Sample]) -> str:
    """Return the dots of a panel in words."""
    said = []
    for name, samples in named:
        passed = [sample.budgets for sample in samples if sample.level]
        refuting = [sample.budgets for sample in samples if not sample.level]
        if passed:
            said.append(f"{name} at most {budgets(max(passed))} over {len(passed)} cases")
        if refuting:
            said.append(f"{name} refuted on {len(refuting)} cases, up to {budgets(max(refuting))}")
    return f"budgets used, two are allowed: {'; '.join(said)}"


def against_size(report: Report) -> Picture | None:
    """Return budgets used against the largest logit of a row; None without samples."""
    quantity, found = _samples(report)
    every = [s for panel in found.values() for samples in panel.values() for s in samples]

    def draw(axes: Axes, named: _Named[Sample]) -> str:
        top = _top((sample.largest_logit for sample in every), 1)
        axes.set_xscale("symlog", linthresh=1, linscale=0.6)
        _label(axes.xaxis, {0: "0"}, _decades(0, top, 6))
        axes.set_xlim(-0.1, 1.5 * 10.0**top)
        end = _scale_budgets(axes.set_yscale, axes.yaxis, (sample.budgets for sample in every))
        axes.set_ylim(-0.08, end)
        axes.set_xlabel("largest |o|" if quantity == "dE/do" else "largest |z|")
        axes.set_ylabel("budgets used")
        axes.grid(axis="y")
        axes.axhline(_ALLOWED, color=INK, linestyle=(0, (4, 3)), linewidth=1)
        axes.text(
            0.995,
            _ALLOWED,
            "allowed",
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="bottom",
        )
        for i, (_, samples) in enumerate(named):
            _dots(axes, i, ((_clipped(s.largest_logit), _clipped(s.budgets)) for s in samples))
        return _told(named)

    return _picture("size", report, quantity, found, draw)


def against_regime(report: Report) -> Picture | None:
    """Return budgets used in each regime; None without samples."""
    quantity, found = _samples(report)
    every = [s for panel in found.values() for samples in panel.values() for s in samples]
    regimes = list(dict.fromkeys(_regime(sample) for sample in every))
    count = min(_MOST, len({place for panel in found.values() for place in panel}))
    lane = 0.8 / max(1, count)

    def draw(axes: Axes, named: _Named[Sample]) -> str:
        end = _scale_budgets(axes.set_xscale, axes.xaxis, (sample.budgets for sample in every))
        axes.set_xlim(-0.08, end)
        axes.set_ylim(len(regimes) - 0.5, -0.5)
        axes.set_yticks(range(len(regimes)), [_short(regime, 12) for regime in regimes])
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("budgets used")
        for between in range(1, len(regimes)):
            axes.axhline(between - 0.5, color=INK, linewidth=0.8, alpha=0.16)
        axes.axvline(_ALLOWED, color=INK, linestyle=(0, (4, 3)), linewidth=1)
        axes.text(
            _ALLOWED,
            1.01,
            "allowed",
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="bottom",
        )
        for i, (_, samples) in enumerate(named):
            moved = (i - (count - 1) / 2) * lane
            _dots(
                axes, i, ((_clipped(s.budgets), regimes.index(_regime(s)) + moved) for s in samples)
            )
        return _told(named)

    height = 90 + len(regimes) * max(26, 9 * count)
    return _picture("regime", report, quantity, found, draw, height, 84)


def cancellation(report: Report) -> Picture | None:
    """Return the error at a target against one minus its probability; None without such pairs."""

    def pairs(result: CheckResult) -> Iterable[tuple[float, float]]:
        return ((c, e) for c, e in result.cancellation if 0 < c < _HUGE and isfinite(e))

    quantities = [r.quantity for one in report.certificates for r in one.results if r.cancellation]
    quantity = next(iter(quantities), "")
    found = _gather(report, quantity, pairs)
    every = [pair for panel in found.values() for some in panel.values() for pair in some]

    def draw(axes: Axes, named: _Named[tuple[float, float]]) -> str:
        least = floor(log10(min(c for c, _ in every)))
        top = _top((error for _, error in every), 1)
        axes.set_xscale("log")
        axes.set_yscale("log")
        _label(axes.xaxis, {}, _decades(least, 0, 6))
        _label(axes.yaxis, {_FLOOR: f"≤ {_FLOOR}"}, _decades(0, top, 5))
        axes.set_xlim(2, 10.0**least)
        axes.set_ylim(_FLOOR / 2, 10.0**top)
        axes.set_xlabel("1 - p of the target (p nears one to the right)")
        axes.set_ylabel("error at the target, ulps")
        axes.grid(axis="y")
        said = []
        for i, (name, some) in enumerate(named):
            line = _mark(i)
            line.set(linestyle="-", linewidth=1.1)
            # Equal lines are common: the markers take turns.
            line.set_markevery((3 * i, 3 * len(named)))
            line.set_data([c for c, _ in some], [max(_FLOOR, min(e, _HUGE)) for _, e in some])
            axes.add_line(line)
            if some:
                said.append(f"{name} at most {budgets(max(error for _, error in some))}")
        return f"error at the target in ulps as p nears one: {'; '.join(said)}"

    return _picture("cancellation", report, quantity, found, draw)
