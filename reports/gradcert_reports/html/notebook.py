"""A certificate and a report as a table, as a notebook shows them."""

from gradcert_reports.model.naming import distinct
from gradcert_reports.model.records import Report
from gradcert_reports.text import phrases
from gradcert_reports.text.brief import fault
from gradcert_reports.text.escape import printable, shortened, well_formed
from gradcert_reports.text.templating import environment

__all__ = ["notebook"]

_WIDTH = 200
"""Characters of a cell: longer texts are cut."""


def _cell(text: str) -> str:
    return shortened(text, _WIDTH)


_environment = environment("gradcert_reports.html")
_environment.filters |= {
    "cell": _cell,
    "fault": fault,
    "lower_bound": phrases.lower_bound,
    "printable": printable,
    "reach": phrases.reach,
    "verdict": phrases.verdict,
    "where": phrases.where,
}


def notebook(report: Report) -> str:
    """Return the table: a line for each implementation, with its verdict and why.

    It is part of a page and not a page, and has its colours with it.
    """
    found = distinct(report).certificates
    page = _environment.get_template("notebook.html.jinja").render(certificates=found)
    return well_formed(page)
