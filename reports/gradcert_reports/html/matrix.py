"""The picture of implementations and checks: which check finds fault with which implementation."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, sin

from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from gradcert_reports.html.svg import INK, canvas, inline, look
from gradcert_reports.model.records import Certificate, Report
from gradcert_reports.model.verdict import Verdict
from gradcert_reports.text.escape import shortened
from gradcert_reports.text.tables import Tally, tally

__all__ = ["Matrix", "matrix"]

_PALEST, _DEEPEST = 0.25, 0.6
"""Opacity if one of many results is wrong, and if all are; the text on it stays legible."""

_MOST = 60
"""The most implementations; the table beside the picture has all."""

_WIDE, _HIGH = 46, 24
"""Pixels of a cell."""

_LETTER = 6.4
"""Rough width of a character in pixels."""

_SLANT = 40
"""Angle of the headings in degrees."""


@dataclass(frozen=True)
class Matrix:
    """The picture, ready for the page, and the number of implementations that it leaves out."""

    picture: str
    left_out: int


def _named(certificate: Certificate) -> str:
    return shortened(certificate.name, 26)


def _cell(axes: Axes, x: float, y: float, found: Tally, *, complete: bool) -> None:
    """Draw the results of one check of one implementation."""
    text = "·" if complete else Verdict.INCOMPLETE.glyph
    face = to_rgba(INK, 0)
    wrong = found.verdict is not None and found.verdict.wrong
    if found.verdict:
        text = found.verdict.glyph
        if found.verdict != Verdict.CONFORMS and found.results > 1:
            text += f" {found.count}/{found.results}"
        if wrong:
            depth = _PALEST + (_DEEPEST - _PALEST) * found.count / found.results
            face = to_rgba(found.verdict.colours.fill, depth)
    axes.add_patch(Rectangle((x, y), _WIDE, _HIGH, facecolor=face, edgecolor=INK, linewidth=0.2))
    axes.text(
        x + _WIDE / 2,
        y + _HIGH / 2,
        text,
        ha="center",
        va="center",
        fontsize=11,
        weight="bold" if wrong else "normal",
        alpha=1 if wrong else 0.75,
    )


def _in_words(certificates: Sequence[Certificate], checks: Sequence[str]) -> str:
    """Return which checks find fault with which implementation."""
    sentences = []
    for certificate in certificates:
        found = {check: tally(certificate, check).verdict for check in checks}
        wrong = [
            f"{check} {verdict}" for check, verdict in found.items() if verdict and verdict.wrong
        ]
        sentences.append(
            f"{shortened(certificate.name, 40)}: {', '.join(wrong) or 'nothing wrong'}"
        )
    return f"Implementations and checks. {'; '.join(sentences)}"


def matrix(report: Report, checks: Sequence[str]) -> Matrix | None:
    """Return the picture of a report, with a row for each implementation.

    Parameters
    ----------
    report
        The report.
    checks
        The columns.

    Returns
    -------
    None unless the report has several implementations, and one of those drawn is wrong.
    """
    certificates = report.certificates[:_MOST]
    verdicts = {tally(one, check).verdict for one in certificates for check in checks}
    if len(report.certificates) < 2 or not any(found and found.wrong for found in verdicts):
        return None
    longest = _LETTER * max(map(len, checks)) + 10
    left = _LETTER * max(len(_named(one)) for one in certificates) + 16
    top = longest * sin(_SLANT * pi / 180) + 16
    # The last heading is wider than its column, to the right.
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
                shortened(check, 40),
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
        picture = inline(figure, _in_words(certificates, checks), "matrix-")
    return Matrix(picture, len(report.certificates) - len(certificates))
