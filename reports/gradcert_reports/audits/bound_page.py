"""An audit of a bound as one HTML page that loads nothing."""

from gradcert_reports.audits import bound_phrases
from gradcert_reports.audits.bound_records import BoundAudit
from gradcert_reports.model.verdict import Verdict
from gradcert_reports.text.escape import well_formed
from gradcert_reports.text.templating import environment

__all__ = ["bound_page"]

_environment = environment("gradcert_reports.html")
_environment.globals |= {"Verdict": Verdict}
_environment.filters |= {
    "change": bound_phrases.change,
    "headline": bound_phrases.headline,
    "no_mistake": bound_phrases.no_mistake,
    "right_bound": bound_phrases.right_bound,
    "sizes": bound_phrases.sizes,
    "under_seeds": bound_phrases.under_seeds,
    "what_to_change": bound_phrases.what_to_change,
}


def bound_page(audit: BoundAudit) -> str:
    """Render an audit of a bound as HTML.

    Examples
    --------
    >>> from gradcert_reports.audits.example import EXAMPLE
    >>> "2 of 3 wrong answers pass." in bound_page(EXAMPLE)
    True
    """
    # Matplotlib takes half a second to import, and only this page needs it.
    from gradcert_reports.audits.bound_picture import sizes_picture

    page = _environment.get_template("bound.html.jinja").render(
        audit=audit, picture=sizes_picture(audit)
    )
    return well_formed(page.lstrip())
