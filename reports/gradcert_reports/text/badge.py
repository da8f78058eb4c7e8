"""The report as a badge: a few words on one small picture."""

from collections import Counter

import jinja2

from gradcert_reports.model.records import Report
from gradcert_reports.model.results import Verdict
from gradcert_reports.text.junit import well_formed

__all__ = ["badge"]

_COLOURS: dict[Verdict, str] = {
    "refuted": "#b3261e",
    "broken": "#b3261e",
    "incomplete": "#8a5300",
    "not supported": "#8a5300",
    "conforms": "#26702a",
}
"""The worst first. White text on each, and on the ground, has a contrast above 4.5 to 1."""

_GROUND = "#555555"

_ORDER: tuple[Verdict, ...] = ("conforms", "refuted", "broken", "incomplete", "not supported")

_MARGIN = 6
_NARROW, _USUAL, _WIDE = 4, 7, 11
"""Widths of characters of Verdana at 11 pixels, roughly; the text is then set to fit."""

_environment = jinja2.Environment(
    loader=jinja2.PackageLoader("gradcert_reports.text"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    keep_trailing_newline=True,
)


def _width(text: str) -> int:
    """Return about how many pixels a text takes."""
    return sum(
        _NARROW if character in "fijlrt.,:;'|!()[] " else _USUAL if character < "\u007f" else _WIDE
        for character in text
    )


def _message(report: Report) -> str:
    """Return the level or the verdict of one implementation; of several, how many have which."""
    if len(report.certificates) == 1:
        (only,) = report.certificates
        return only.level if only.verdict == "conforms" and only.level else only.verdict
    counts = Counter(certificate.verdict for certificate in report.certificates)
    words: dict[Verdict, str] = {verdict: verdict for verdict in _ORDER}
    if counts["conforms"] > 1:
        words["conforms"] = "conform"
    return ", ".join(f"{counts[verdict]} {words[verdict]}" for verdict in _ORDER if counts[verdict])


def badge(report: Report) -> str:
    """Render a report as an SVG badge.

    Returns
    -------
    The picture: the level of a single implementation that conforms, else its verdict; of several,
    how many have which verdict. Its colour is that of the worst.
    """
    found = {certificate.verdict for certificate in report.certificates}
    label = "gradcert"
    message = " ".join(well_formed(_message(report)).split()) or "nothing certified"
    left, right = (_width(text) + 2 * _MARGIN for text in (label, message))
    return _environment.get_template("badge.svg.jinja").render(
        label=label,
        message=message,
        colour=next((_COLOURS[verdict] for verdict in _COLOURS if verdict in found), _GROUND),
        ground=_GROUND,
        margin=_MARGIN,
        left=left,
        right=right,
        width=left + right,
    )
