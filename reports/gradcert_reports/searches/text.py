"""A search on a terminal."""

from collections.abc import Iterator

from gradcert_reports.audits.paragraphs import paragraph
from gradcert_reports.searches.phrases import claim, headline, left_out, worst_row
from gradcert_reports.searches.records import Search
from gradcert_reports.text.escape import on_lines
from gradcert_reports.text.explanations import diagnosed, explanation

__all__ = ["search_text"]


def _lines(search: Search) -> Iterator[str]:
    yield from paragraph(headline(search))
    for one in search.claims:
        yield ""
        yield from paragraph(f"{one.claim}: {' '.join(claim(one))}", "", "  ")
        if one.found is not None:
            yield from explanation(one.found.result).splitlines()
            if one.found.diagnosis is not None:
                yield from diagnosed(one.found.diagnosis).splitlines()
        elif one.worst is not None:
            said, numbers = worst_row(one)
            yield from paragraph(said, "  ", "  ")
            for name, shown in numbers:
                yield f"    {name} {shown}"
    yield ""
    for sentence in left_out(search):
        yield from paragraph(sentence)


def search_text(search: Search) -> str:
    """Return what a search found as lines of at most 80 columns, as far as numbers allow.

    Examples
    --------
    >>> from gradcert_reports.searches.example import EXAMPLE
    >>> print(search_text(EXAMPLE).splitlines()[0])
    my_kernel: no row is wrong among 2.31e8.
    """
    return on_lines(_lines(search)).rstrip()
