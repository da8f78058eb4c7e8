"""The report as Markdown: a table, then each refutation with its minimal counterexample.

GitHub accepts a comment of at most 65,536 characters. What does not fit is left out, and the report
says so.
"""

from typing import Any

from markupsafe import Markup

from gradcert_reports.model.naming import distinct
from gradcert_reports.model.records import Certificate, Report
from gradcert_reports.text import phrases
from gradcert_reports.text.claims import claims
from gradcert_reports.text.coverage import Covered, covered
from gradcert_reports.text.escape import fenced, in_html, in_markdown
from gradcert_reports.text.rows import arguments, wrong_value
from gradcert_reports.text.tables import Cell, refuting, silent
from gradcert_reports.text.templating import environment

__all__ = ["markdown"]


_MOST = 60_000
"""Characters of a report. Somebody may add a few words to it in a comment."""

_LONG = 4_000
"""Characters of Python above which it is left out, so that one case leaves room for the others."""


_LISTED = 12
"""Items of the plan that are listed for each dimension."""


def _covered(certificate: Certificate) -> list[Covered]:
    return covered(certificate, _LISTED)


def _number(shown: Cell) -> str:
    """Return a number in decimal; in hexadecimal too if it is a number of the format."""
    if not shown.hexadecimal:
        return shown.decimal
    return f"{shown.decimal} = {shown.hexadecimal}"


def _code(python: str) -> str:
    """Return Python code in a fence, or where to find it if it is long."""
    if len(python) > _LONG:
        return "The Python code that reproduces it is long: certificate.json has it."
    return Markup(fenced(python))


def _escaped(value: Any) -> Any:
    """Return a value as the template shows it: every text is escaped, unless it is markup."""
    return in_markdown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


_environment = environment("gradcert_reports.text", finalize=_escaped)
_environment.filters |= {
    "also": phrases.also,
    "as_option": phrases.as_option,
    "arguments": arguments,
    "claims": claims,
    "code": _code,
    "covered": _covered,
    "diagnosis": phrases.diagnosis,
    "in_html": in_html,
    "lower_bound": phrases.lower_bound,
    "magnitude": phrases.magnitude,
    "mistake": phrases.mistake,
    "named": phrases.named,
    "number": _number,
    "outcome": phrases.outcome,
    "reach": phrases.reach,
    "refuting": refuting,
    "silent": silent,
    "size": phrases.size,
    "unnamed": phrases.unnamed,
    "verdict": phrases.verdict,
    "where": phrases.where,
    "wrong_value": wrong_value,
}


def markdown(report: Report) -> str:
    """Render a report as Markdown that fits a pull-request comment.

    If it is too long, the folded details of the last implementations are left out until it fits;
    then their sections, and then their lines of the table.

    Parameters
    ----------
    report
        The report.

    Returns
    -------
    The page, not longer than GitHub accepts a comment.

    Examples
    --------
    >>> markdown(Report(certificates=())).splitlines()[0]
    '# gradcert report'
    """
    report = distinct(report)
    count = len(report.certificates)
    template = _environment.get_template("report.md.jinja")

    def rendered(steps: int) -> str:
        """Render one more piece with each step: first the lines, then sections, then details."""
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
