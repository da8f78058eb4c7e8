"""The picture of an audit: the sizes of the right values, with the bound across them."""

from math import log10

from gradcert_reports.audits.bound_records import BoundAudit
from gradcert_reports.html.axes import decades, label
from gradcert_reports.html.svg import INK, canvas, inline, look

__all__ = ["sizes_picture"]

_WIDTH, _HEIGHT = 560, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 16, 30, 48
"""Pixels around the axes, for titles and labels."""

_COLOUR = "#0072B2"


def sizes_picture(audit: BoundAudit) -> str:
    """Return a histogram of the sizes of the right values as SVG; empty if all are zero."""
    found = audit.sizes
    if not found.decades:
        return ""
    exponents = [exponent for exponent, _ in found.decades]
    low, high = min(exponents), max(exponents) + 1
    if audit.atol:
        low, high = min(low, int(log10(audit.atol)) - 1), max(high, int(log10(audit.atol)) + 1)
    with look():
        figure = canvas(_WIDTH, _HEIGHT)
        inside = (_WIDTH - _LEFT - _RIGHT) / _WIDTH, (_HEIGHT - _TOP - _BOTTOM) / _HEIGHT
        axes = figure.add_axes((_LEFT / _WIDTH, _BOTTOM / _HEIGHT, *inside))
        axes.set_xscale("log")
        for exponent, count in found.decades:
            axes.bar(
                10.0**exponent,
                count / found.count,
                width=9 * 10.0**exponent,
                align="edge",
                color=_COLOUR,
                alpha=0.75,
            )
        axes.set_xlim(10.0**low, 10.0**high)
        label(axes.xaxis, {}, decades(low, high, 7))
        axes.set_xlabel("size of a right value")
        axes.set_ylabel("share of the values")
        axes.grid(axis="y")
        if audit.atol:
            axes.axvline(audit.atol, color=INK, linestyle=(0, (4, 3)), linewidth=1.2)
            axes.text(
                audit.atol,
                1.02,
                "atol",
                transform=axes.get_xaxis_transform(),
                ha="center",
                va="bottom",
            )
        words = ", ".join(
            f"{count / found.count:.1%} from 1e{exponent} up" for exponent, count in found.decades
        )
        bound = f"; the absolute tolerance is {audit.atol:g}" if audit.atol else ""
        return inline(figure, f"sizes of the right values: {words}{bound}", "sizes-")
