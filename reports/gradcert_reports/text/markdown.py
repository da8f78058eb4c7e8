"""The report as Markdown: a table, then each refutation with its minimal counterexample.

GitHub takes no comment of more than 65,536 characters: what does not fit is left out, and said so.
"""

import re

import jinja2

from gradcert_reports.model.naming import distinct
from gradcert_reports.model.records import Report
from gradcert_reports.text.phrases import (
    also,
    diagnosis,
    lower_bound,
    magnitude,
    mistake,
    outcome,
    place,
    reach,
    size,
    unnamed,
    verdict,
    where,
)
from gradcert_reports.text.tables import Cell, refuting, silent

__all__ = ["markdown"]


_MOST = 60_000
"""Characters of a report; the comment may have a few words more."""

_LONG = 4_000
"""Characters of Python that are left out, so that one case does not crowd out all others."""

_LINKED = re.compile(r"(?<=@)(?=\w)|(?<=#)(?=\d)|(?<=\bGH-)(?=\d)|(?<=:)(?=//)", re.IGNORECASE)
"""Where text becomes a link on GitHub that tells somebody, or another thread, of it."""


def _cell(text: str) -> str:
    r"""Return text that stays within one table cell, is no markup and mentions nobody.

    Examples
    --------
    >>> print(ascii(_cell("a | @user \x1b fixes #123")))
    'a \\| @\u200buser fixes #\u200b123'
    """
    folded = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    for character in "\\`*_[]<>|&~":
        folded = folded.replace(character, f"\\{character}")
    return _LINKED.sub("\u200b", folded)


def _number(shown: Cell) -> str:
    """Return a number in decimal, and in hexadecimal too where it is one of the format."""
    if not shown.hexadecimal:
        return shown.decimal
    return f"{shown.decimal} = {shown.hexadecimal}"


def _code(python: str) -> str:
    """Return Python in a fence that nothing in it can close, or where it is if it is long."""
    if len(python) > _LONG:
        return "The Python that shows it again is long: index.html and certificate.json have it."
    fence = "```"
    while fence in python:
        fence += "`"
    return f"{fence}python\n{python}\n{fence}"


_environment = jinja2.Environment(
    loader=jinja2.PackageLoader("gradcert_reports.text"),
    autoescape=False,  # this is Markdown: text from the subject goes through `cell`
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_environment.filters |= {
    "also": also,
    "number": _number,
    "refuting": refuting,
    "code": _code,
    "lower_bound": lower_bound,
    "outcome": outcome,
    "verdict": verdict,
    "cell": _cell,
    "diagnosis": diagnosis,
    "magnitude": magnitude,
    "mistake": mistake,
    "place": place,
    "reach": reach,
    "silent": silent,
    "size": size,
    "unnamed": unnamed,
    "where": where,
}


def markdown(report: Report) -> str:
    """Render a report as Markdown that fits a pull-request comment.

    Where all does not fit, the folded details of the last implementations are left out, as many as
    need be; then their sections, and then their lines of the table.
    """
    report = distinct(report)
    count = len(report.certificates)
    template = _environment.get_template("report.md.jinja")

    def rendered(steps: int) -> str:
        """Render the lines of so many, then their sections, then their details."""
        lines, sections, folded = (
            min(count, max(0, steps - count * before)) for before in range(3)
        )
        return template.render(report=report, lines=lines, sections=sections, folded=folded)

    fits, too_many = 0, 3 * count + 1
    steps = too_many - 1
    while fits < too_many - 1:
        shown = rendered(steps)
        if len(shown) <= _MOST:
            fits = steps
        else:
            too_many = steps
        steps = (fits + too_many) // 2
    return rendered(fits)
