"""An audit of a bound as Markdown."""

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
from gradcert_reports.text.escape import in_markdown

__all__ = ["bound_markdown"]


def _lines(audit: BoundAudit) -> Iterator[str]:
    yield f"# {in_markdown(headline(audit))}"
    yield ""
    yield f"{in_markdown(audit.predicate)}: {in_markdown(', '.join(audit.about))}."
    yield ""
    for sentence in (*sizes(audit), *right_bound(audit), *what_to_change(audit)):
        yield f"- {in_markdown(sentence)}"
    if audit.passing:
        yield ""
        yield "| passes | what it is | error | |"
        yield "| --- | --- | ---: | --- |"
    for wrong in audit.passing:
        cells = wrong.name, wrong.sentence, change(wrong), under_seeds(wrong, audit)
        yield f"| {' | '.join(map(in_markdown, cells))} |"
    yield ""
    if audit.killed:
        yield f"Refused: {in_markdown(', '.join(audit.killed))}."
        yield ""
    if audit.no_mistake:
        names = ", ".join(audit.no_mistake)
        yield f"{in_markdown(no_mistake(audit))} By name: {in_markdown(names)}."
        yield ""
    yield f"Made by gradcert {in_markdown(audit.gradcert)}: {in_markdown(audit.command)}"


def bound_markdown(audit: BoundAudit) -> str:
    """Render an audit of a bound as Markdown.

    Examples
    --------
    >>> from gradcert_reports.audits.example import EXAMPLE
    >>> print(bound_markdown(EXAMPLE).splitlines()[0])
    # 2 of 3 wrong answers pass.
    """
    return "\n".join(_lines(audit)) + "\n"
