"""The report as Markdown: a table, then each refutation with its minimal counterexample."""

import jinja2

from gradcert_reports.naming import distinct
from gradcert_reports.numbers import (
    also,
    diagnosis,
    lower_bound,
    magnitude,
    outcome,
    reach,
    size,
    verdict,
    where,
)
from gradcert_reports.records import Report
from gradcert_reports.tables import Cell, refuting

__all__ = ["markdown"]


def _cell(text: str) -> str:
    """Return text that stays within one table cell and is no markup."""
    folded = " ".join(text.split())
    for character in "\\`*_[]<>|&~":
        folded = folded.replace(character, f"\\{character}")
    return folded


def _number(shown: Cell) -> str:
    """Return a number in decimal, and in hexadecimal too where it is one of the format."""
    if not shown.hexadecimal:
        return shown.decimal
    return f"{shown.decimal} = {shown.hexadecimal}"


def _code(python: str) -> str:
    """Return Python in a fence that nothing in it can close."""
    fence = "```"
    while fence in python:
        fence += "`"
    return f"{fence}python\n{python}\n{fence}"


_environment = jinja2.Environment(
    loader=jinja2.PackageLoader("gradcert_reports"),
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
    "reach": reach,
    "size": size,
    "where": where,
}


def markdown(report: Report) -> str:
    """Render a report as Markdown that fits a pull-request comment."""
    return _environment.get_template("report.md.jinja").render(report=distinct(report))
