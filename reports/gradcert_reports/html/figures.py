"""The pictures of the page: the budgets used, and the digits lost when a target is confident.

Each picture has one panel for each format. A panel is an SVG of its own, so that a page can put
panels side by side or below each other. Implementations differ by colour and by marker.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10
from typing import Generic, TypeVar

from matplotlib.axes import Axes

from gradcert_reports.html.axes import (
    ALLOWED,
    FAR,
    MARKED,
    clipped,
    decades,
    dots,
    label,
    mark,
    scale_budgets,
    top,
)
from gradcert_reports.html.svg import INK, canvas, inline, look
from gradcert_reports.model.records import Report
from gradcert_reports.model.results import CheckResult, Sample
from gradcert_reports.text.escape import shortened
from gradcert_reports.text.phrases import budgets

__all__ = ["Picture", "against_regime", "against_size", "cancellation"]

_WIDTH = 400
_HEIGHT = 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 12, 34, 44
"""Pixels around the axes, for titles and labels."""

_FLOOR = 0.01
"""Ulps: less is drawn here, at the bottom; so is zero."""

_LARGEST, _LEAST = 1e300, 1e-300
"""Values beyond these cannot be drawn on a logarithmic scale."""

_P = TypeVar("_P")
_Named = Sequence[tuple[str, Sequence[_P]]]
"""The names of the implementations of a picture, and the points of each in one panel."""


@dataclass(frozen=True)
class Picture:
    """A picture, ready for the page.

    Attributes
    ----------
    quantity
        The quantity that it shows.
    key
        The marker of each implementation, and the place of its certificate in the report.
    left_out
        How many implementations are left out, because there are more than markers.
    panels
        One for each format.
    """

    quantity: str
    key: tuple[tuple[str, int], ...]
    left_out: int
    panels: tuple[str, ...]


@dataclass(frozen=True)
class _Found(Generic[_P]):
    """The points of a quantity.

    Attributes
    ----------
    places
        The places of the certificates that are drawn.
    left_out
        How many more there are.
    panels
        The points by format, then by the place of the certificate.
    """

    quantity: str
    places: tuple[int, ...]
    left_out: int
    panels: Mapping[str, Mapping[int, Sequence[_P]]]

    @property
    def every(self) -> list[_P]:
        """All points. Every panel has the scale of all."""
        return [one for panel in self.panels.values() for some in panel.values() for one in some]


def _gather(
    report: Report, quantity: str, points: Callable[[CheckResult], Iterable[_P]]
) -> _Found[_P]:
    """Return the points of the results about a quantity."""
    places: dict[int, None] = {}
    panels: dict[str, dict[int, list[_P]]] = {}
    for place, certificate in enumerate(report.certificates):
        for result in certificate.results:
            if result.quantity == quantity and (some := list(points(result))):
                places[place] = None
                if len(places) <= MARKED:
                    panels.setdefault(result.format, {}).setdefault(place, []).extend(some)
    shown = tuple(places)[:MARKED]
    return _Found(quantity, shown, len(places) - len(shown), panels)


def _sampled(report: Report) -> str:
    """Return the quantity that most certificates have samples of, the last one among equals.

    Implementations list their quantities in the order of the computation, so that the last one is
    the gradient.
    """
    counts = Counter(
        quantity
        for certificate in report.certificates
        for quantity in dict.fromkeys(r.quantity for r in certificate.results if r.samples)
    )
    return max(reversed(counts), key=lambda quantity: counts[quantity], default="")


def _samples(report: Report) -> _Found[Sample]:
    def finite(result: CheckResult) -> Iterable[Sample]:
        return (s for s in result.samples if isfinite(s.budgets) and isfinite(s.largest_logit))

    return _gather(report, _sampled(report), finite)


def _picture(
    name: str,
    report: Report,
    found: _Found[_P],
    draw: Callable[[Axes, _Named[_P]], str],
    height: int = _HEIGHT,
    left: int = _LEFT,
) -> Picture | None:
    """Return the picture of the points. `draw` fills a panel and returns what it shows in words."""
    if not found.places:
        return None
    panels, key = [], []
    with look():
        for number, (format, series) in enumerate(found.panels.items()):
            figure = canvas(_WIDTH, height)
            inside = (_WIDTH - left - _RIGHT) / _WIDTH, (height - _TOP - _BOTTOM) / height
            axes = figure.add_axes((left / _WIDTH, _BOTTOM / height, *inside))
            axes.set_title(shortened(format, 40))
            named = [(report.certificates[i].name, series.get(i, ())) for i in found.places]
            words = draw(axes, named)
            panels.append(inline(figure, f"{format}: {words}", f"{name}{number}-"))
        for i, place in enumerate(found.places):
            figure = canvas(14, 14)
            line = mark(i)
            line.set_data([0.5], [0.5])
            figure.add_artist(line)
            key.append((inline(figure, "", f"{name}-key{i}-"), place))
    return Picture(found.quantity, tuple(key), found.left_out, tuple(panels))


def _in_words(named: _Named[Sample]) -> str:
    """Return the dots of a panel in words."""
    parts = []
    for name, samples in named:
        passed = [sample.budgets for sample in samples if sample.algorithm]
        refuting = [sample.budgets for sample in samples if not sample.algorithm]
        if passed:
            parts.append(f"{name} at most {budgets(max(passed))} over {len(passed)} cases")
        if refuting:
            parts.append(f"{name} refuted on {len(refuting)} cases, up to {budgets(max(refuting))}")
    return f"budgets used, two are allowed: {'; '.join(parts)}"


def against_size(report: Report) -> Picture | None:
    """Return the budgets used against the largest input of a row; None without samples."""
    found = _samples(report)
    every = found.every

    def draw(axes: Axes, named: _Named[Sample]) -> str:
        end = top((sample.largest_logit for sample in every), _LARGEST)
        axes.set_xscale("symlog", linthresh=1, linscale=0.6)
        label(axes.xaxis, {0: "0"}, decades(0, end, 6))
        axes.set_xlim(-0.1, 1.5 * 10.0**end)
        most = scale_budgets(axes.set_yscale, axes.yaxis, (sample.budgets for sample in every))
        axes.set_ylim(-0.08, most)
        axes.set_xlabel("largest |input|")
        axes.set_ylabel("budgets used")
        axes.grid(axis="y")
        axes.axhline(ALLOWED, color=INK, linestyle=(0, (4, 3)), linewidth=1)
        axes.text(
            0.995,
            ALLOWED,
            "allowed",
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="bottom",
        )
        for i, (_, samples) in enumerate(named):
            points = (
                (clipped(s.largest_logit, _LARGEST), clipped(s.budgets, FAR)) for s in samples
            )
            dots(axes, i, points)
        return _in_words(named)

    return _picture("size", report, found, draw)


def against_regime(report: Report) -> Picture | None:
    """Return the budgets used by the shape of the row; None without samples."""
    found = _samples(report)
    every = found.every
    shapes = list(dict.fromkeys(sample.regime.shape for sample in every))
    count = len(found.places)
    lane = 0.8 / max(1, count)

    def draw(axes: Axes, named: _Named[Sample]) -> str:
        most = scale_budgets(axes.set_xscale, axes.xaxis, (sample.budgets for sample in every))
        axes.set_xlim(-0.08, most)
        axes.set_ylim(len(shapes) - 0.5, -0.5)
        axes.set_yticks(range(len(shapes)), [shortened(shape, 12) for shape in shapes])
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("budgets used")
        for between in range(1, len(shapes)):
            axes.axhline(between - 0.5, color=INK, linewidth=0.8, alpha=0.16)
        axes.axvline(ALLOWED, color=INK, linestyle=(0, (4, 3)), linewidth=1)
        axes.text(
            ALLOWED,
            1.01,
            "allowed",
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="bottom",
        )
        for i, (_, samples) in enumerate(named):
            moved = (i - (count - 1) / 2) * lane
            lines = (shapes.index(s.regime.shape) + moved for s in samples)
            dots(axes, i, zip((clipped(s.budgets, FAR) for s in samples), lines, strict=True))
        return _in_words(named)

    height = 90 + len(shapes) * max(26, 9 * count)
    return _picture("regime", report, found, draw, height, 84)


def cancellation(report: Report) -> Picture | None:
    """Return the error at a target against one minus its probability; None without pairs."""

    def pairs(result: CheckResult) -> Iterable[tuple[float, float]]:
        return ((c, e) for c, e in result.cancellation if _LEAST < c < 1 and isfinite(e))

    quantities = [r.quantity for one in report.certificates for r in one.results if r.cancellation]
    found = _gather(report, next(iter(quantities), ""), pairs)
    every = found.every

    def draw(axes: Axes, named: _Named[tuple[float, float]]) -> str:
        least = floor(log10(min(c for c, _ in every)))
        end = top((error for _, error in every), FAR)
        axes.set_xscale("log")
        axes.set_yscale("log")
        label(axes.xaxis, {}, decades(least, 0, 6))
        label(axes.yaxis, {_FLOOR: f"≤ {_FLOOR}"}, decades(0, end, 5))
        axes.set_xlim(2, 10.0**least)
        axes.set_ylim(_FLOOR / 2, 2 * 10.0**end)
        axes.set_xlabel("1 - p of the target (p approaches one to the right)")
        axes.set_ylabel("error at the target, ulps")
        axes.grid(axis="y")
        parts = []
        for i, (name, some) in enumerate(named):
            line = mark(i)
            line.set(linestyle="-", linewidth=1.1)
            # Equal lines are common, so the markers alternate.
            line.set_markevery((3 * i, 3 * len(named)))
            line.set_data([c for c, _ in some], [max(_FLOOR, min(e, FAR)) for _, e in some])
            axes.add_line(line)
            if some:
                parts.append(f"{name} at most {budgets(max(error for _, error in some))}")
        return f"error at the target in ulps as p approaches one: {'; '.join(parts)}"

    return _picture("cancellation", report, found, draw)
