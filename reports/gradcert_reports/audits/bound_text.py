"""An audit of a bound on a terminal: one screen."""

from collections.abc import Iterator

from gradcert_reports.audits.bound_phrases import (
    change,
    headline,
    no_mistake,
    right_bound,
    sizes,
    under_seeds,
    what_to_change,
)
from gradcert_reports.audits.bound_records import BoundAudit
from gradcert_reports.audits.paragraphs import paragraph
from gradcert_reports.text.escape import on_lines

__all__ = ["bound_text"]

_SHOWN = 12
"""Wrong answers that are shown."""


def _lines(audit: BoundAudit) -> Iterator[str]:
    yield from paragraph(audit.predicate)
    yield from paragraph(", ".join(audit.about))
    yield ""
    yield headline(audit)
    for wrong in audit.passing[:_SHOWN]:
        about = " ".join(filter(None, [wrong.sentence, under_seeds(wrong, audit)]))
        yield from paragraph(f"{wrong.name}: {about} (error {change(wrong)})", "  ", "      ")
    if len(audit.passing) > _SHOWN:
        yield f"  and {len(audit.passing) - _SHOWN} more; --report DIR lists them"
    yield ""
    yield "How large the answer is beside the bound:"
    for sentence in sizes(audit):
        yield from paragraph(sentence, "  ")
    yield ""
    yield "Which bound would be right:"
    for sentence in right_bound(audit):
        yield from paragraph(sentence, "  ")
    if audit.advice:
        yield ""
        yield "What to change:"
        for sentence in what_to_change(audit):
            yield from paragraph(sentence, "  ")
    if audit.no_mistake:
        yield ""
        yield from paragraph(no_mistake(audit))


def bound_text(audit: BoundAudit) -> str:
    """Return an audit of a bound as lines of at most 80 columns, as far as names allow.

    Examples
    --------
    >>> from gradcert_reports.audits.example import EXAMPLE
    >>> print(bound_text(EXAMPLE).splitlines()[3])
    2 of 3 wrong answers pass.
    """
    return on_lines(_lines(audit))
