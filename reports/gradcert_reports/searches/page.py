"""A search as one HTML page that loads nothing."""

from gradcert_reports.model.verdict import Verdict
from gradcert_reports.searches import phrases
from gradcert_reports.searches.records import Search
from gradcert_reports.text.escape import well_formed
from gradcert_reports.text.explanations import diagnosed, explanation
from gradcert_reports.text.templating import environment

__all__ = ["search_page"]

_environment = environment("gradcert_reports.html")
_environment.globals |= {"Verdict": Verdict}
_environment.filters |= {
    "about": phrases.claim,
    "cells": phrases.part,
    "diagnosed": diagnosed,
    "duration": phrases.duration,
    "explanation": explanation,
    "headline": phrases.headline,
    "left_out": phrases.left_out,
    "worst_row": phrases.worst_row,
}


def search_page(search: Search) -> str:
    """Render a search as HTML.

    Examples
    --------
    >>> from gradcert_reports.searches.example import EXAMPLE
    >>> "<h2>dE/dz-binary32</h2>" in search_page(EXAMPLE)
    True
    """
    # Matplotlib takes half a second to import, and only this page needs it.
    from gradcert_reports.searches.curve import curve_picture

    pictures = [curve_picture(one, f"claim-{place}-") for place, one in enumerate(search.claims)]
    page = _environment.get_template("search.html.jinja").render(search=search, pictures=pictures)
    return well_formed(page.lstrip())
