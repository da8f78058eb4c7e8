"""Paragraphs on a terminal."""

from textwrap import wrap

from gradcert_reports.text.escape import printable

__all__ = ["COLUMNS", "paragraph"]

COLUMNS = 80
"""The columns of a terminal."""


def paragraph(text: str, first: str = "", rest: str | None = None) -> list[str]:
    """Return text in lines that fit a terminal, as far as its words allow.

    Parameters
    ----------
    text
        The text; what cannot be printed becomes a space.
    first, rest
        What the first line and the others begin with; by default the same.

    Examples
    --------
    >>> paragraph("zero: an answer that is all zeros", "  ")
    ['  zero: an answer that is all zeros']
    """
    return wrap(
        printable(text),
        COLUMNS,
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
