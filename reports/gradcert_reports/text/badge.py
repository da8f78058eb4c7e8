"""The report as a badge: a few words in one small picture."""

from gradcert_reports.model.records import Report
from gradcert_reports.model.verdict import Verdict, counts, worst
from gradcert_reports.text.escape import shortened
from gradcert_reports.text.templating import environment

__all__ = ["badge"]

_LABEL = "gradcert"

_GROUND = "#555555"
"""The ground of the label, and of a badge without a verdict."""

_LONGEST = 100
"""Characters of the message."""

_MARGIN = 6
_NARROW, _USUAL, _WIDE = 4, 7, 11
"""Rough widths of the characters of Verdana at 11 pixels; the picture sets the text to fit."""

_environment = environment("gradcert_reports.text")


def _width(text: str) -> int:
    """Return roughly how many pixels a text takes."""
    return sum(
        _NARROW if character in "fijlrt.,:;'|!()[] " else _USUAL if character < "\u007f" else _WIDE
        for character in text
    )


def _message(report: Report) -> str:
    """Return the level or the verdict of one implementation, or the counts of several."""
    if len(report.certificates) == 1:
        (only,) = report.certificates
        conforms = only.verdict == Verdict.CONFORMS
        return only.level if conforms and only.level else only.verdict
    found = counts(certificate.verdict for certificate in report.certificates)
    return ", ".join(
        f"{count} {verdict if count == 1 else verdict.plural}" for verdict, count in found.items()
    )


def badge(report: Report) -> str:
    """Render a report as an SVG badge.

    Parameters
    ----------
    report
        The report.

    Returns
    -------
    The picture. It shows the level of a single implementation that conforms, else its verdict; of
    several implementations it shows the number of each verdict. Its colour is that of the worst.

    Examples
    --------
    >>> "nothing certified" in badge(Report(certificates=()))
    True
    """
    verdicts = [certificate.verdict for certificate in report.certificates]
    message = shortened(_message(report), _LONGEST) or "nothing certified"
    left, right = (_width(text) + 2 * _MARGIN for text in (_LABEL, message))
    return _environment.get_template("badge.svg.jinja").render(
        label=_LABEL,
        message=message,
        colour=worst(verdicts).colours.badge if verdicts else _GROUND,
        ground=_GROUND,
        margin=_MARGIN,
        left=left,
        right=right,
        width=left + right,
    )
