"""The picture of a claim: the worst row judged so far, by the number of rows."""

from gradcert_reports.html.axes import decades, label
from gradcert_reports.html.svg import INK, canvas, inline, look
from gradcert_reports.searches.phrases import at_least, count
from gradcert_reports.searches.records import ClaimSearch
from gradcert_reports.text.strips import ALLOWED

__all__ = ["curve_picture"]

_WIDTH, _HEIGHT = 560, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 16, 20, 48
"""Pixels around the axes, for labels."""

_COLOUR = "#0072B2"


def curve_picture(about: ClaimSearch, prefix: str) -> str:
    """Return the curve as SVG; empty if no row was judged.

    The budgets are those of the worst level judged; rows on better levels are drawn as zero.

    Parameters
    ----------
    about
        The claim.
    prefix
        What the names in the picture begin with, so that a page may have several pictures.
    """
    if not about.curve:
        return ""
    worst = about.curve[-1].worst
    rows = [point.rows for point in about.curve]
    budgets = [
        point.worst.budgets if point.worst.rank == worst.rank else 0.0 for point in about.curve
    ]
    with look():
        figure = canvas(_WIDTH, _HEIGHT)
        inside = (_WIDTH - _LEFT - _RIGHT) / _WIDTH, (_HEIGHT - _TOP - _BOTTOM) / _HEIGHT
        axes = figure.add_axes((_LEFT / _WIDTH, _BOTTOM / _HEIGHT, *inside))
        axes.set_xscale("log")
        axes.step(rows, budgets, where="post", color=_COLOUR)
        axes.plot(rows, budgets, linestyle="none", marker="o", markersize=4, color=_COLOUR)
        axes.axhline(ALLOWED, color=INK, linestyle=(0, (4, 3)), linewidth=1.2)
        axes.set_ylim(0, 2.2)
        low, high = len(str(min(rows))) - 1, len(str(max(rows)))
        axes.set_xlim(10.0**low, 10.0**high)
        label(axes.xaxis, {}, decades(low, high, 7))
        axes.set_xlabel("rows")
        axes.set_ylabel(f"budgets of {about.levels[worst.rank]}")
        axes.grid(axis="y")
        words = ", ".join(
            f"{at_least(point.worst, about)} after {count(point.rows)} rows"
            for point in about.curve
        )
        return inline(figure, f"worst row judged: {words}; two are allowed", prefix)
