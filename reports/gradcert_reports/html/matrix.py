"""The picture of who is refuted by what: implementations down, checks across."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, sin

from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from gradcert_reports.html.axes import short
from gradcert_reports.html.svg import INK, canvas, inline, look
from gradcert_reports.model.records import Certificate, Report
from gradcert_reports.model.results import Verdict
from gradcert_reports.text.tables import Tally, tally

__all__ = ["GLYPHS", "Matrix", "matrix"]

GLYPHS: dict[Verdict, str] = {
    "conforms": "✓",
    "refuted": "✗",
    "broken": "!",
    "not supported": "\N{EN DASH}",
    "incomplete": "…",
}
"""What tells verdicts apart without colour."""

_COLOURS: dict[Verdict, str] = {"refuted": "#D55E00", "broken": "#CC79A7"}
"""Of Okabe and Ito: the colour-blind tell them apart. What is not wrong has no colour."""

_PALEST, _DEEPEST = 0.25, 0.6
"""Opacity where one result of many is wrong, and where all are; the text on it stays legible."""

_MOST = 60
"""Implementations; the table beside the picture has them all."""

_WIDE, _HIGH = 46, 24
"""Pixels of a cell."""

_LETTER = 6.4
"""Pixels of a character, roughly."""

_SLANT = 40
"""Degrees by which the headings rise."""


@dataclass(frozen=True)
class Matrix:
    """A picture, ready for the page, and how many implementations it leaves out."""

    picture: str
    left_out: int


def _named(certificate: Certificate) -> str:
    return short(certificate.name, 26)


def _cell(axes: Axes, x: float, y: float, found: Tally, *, complete: bool) -> None:
    """Draw how an implementation fares in a check."""
    said = "·" if complete else "…"
    face = to_rgba(INK, 0)
    if found.verdict:
        said = GLYPHS[found.verdict]
        if found.verdict != "conforms" and found.results > 1:
            said += f" {found.count}/{found.results}"
        if found.verdict in _COLOURS:
            depth = _PALEST + (_DEEPEST - _PALEST) * found.count / found.results
            face = to_rgba(_COLOURS[found.verdict], depth)
    axes.add_patch(Rectangle((x, y), _WIDE, _HIGH, facecolor=face, edgecolor=INK, linewidth=0.2))
    wrong = found.verdict in _COLOURS
    axes.text(
        x + _WIDE / 2,
        y + _HIGH / 2,
        said,
        ha="center",
        va="center",
        fontsize=11,
        weight="bold" if wrong else "normal",
        alpha=1 if wrong else 0.75,
    )


def _told(certificates: Sequence[Certificate], checks: Sequence[str]) -> str:
    """Return who is wrong in which check, in words."""
    said = []
    for certificate in certificates:
        wrong = [
            f"{check} {found.verdict}"
            for check in checks
            if (found := tally(certificate, check)).verdict in _COLOURS
        ]
        said.append(f"{short(certificate.name, 40)}: {', '.join(wrong) or 'nothing wrong'}")
    return f"Implementations and checks. {'; '.join(said)}"


def matrix(report: Report, checks: Sequence[str]) -> Matrix | None:
    """Return the picture of a report; None unless it has several implementations and one is wrong.

    Parameters
    ----------
    report
        Its implementations are the rows.
    checks
        The columns.
    """
    certificates = report.certificates[:_MOST]
    verdicts = {tally(one, check).verdict for one in certificates for check in checks}
    if len(report.certificates) < 2 or not verdicts & set(_COLOURS):
        return None
    longest = _LETTER * max(map(len, checks)) + 10
    left = _LETTER * max(len(_named(one)) for one in certificates) + 16
    top = longest * sin(_SLANT * pi / 180) + 16
    # The last heading leans out over the right edge.
    width = left + _WIDE * (len(checks) - 0.5) + longest * cos(_SLANT * pi / 180) + 8
    height = top + _HIGH * len(certificates) + 4
    with look():
        figure = canvas(width, height)
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
        axes.set_axis_off()
        for j, check in enumerate(checks):
            axes.text(
                left + _WIDE * (j + 0.5),
                top - 6,
                short(check, 40),
                rotation=_SLANT,
                rotation_mode="anchor",
                ha="left",
                va="baseline",
            )
        for i, certificate in enumerate(certificates):
            y = top + _HIGH * i
            axes.text(left - 8, y + _HIGH / 2, _named(certificate), ha="right", va="center")
            for j, check in enumerate(checks):
                found = tally(certificate, check)
                _cell(axes, left + _WIDE * j, y, found, complete=certificate.complete)
        picture = inline(figure, _told(certificates, checks), "matrix-")
    return Matrix(picture, len(report.certificates) - len(certificates))
