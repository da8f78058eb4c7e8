"""Text of a subject made safe for the place where a report shows it."""

import re

__all__ = ["fenced", "markdown_cell", "printable", "shortened", "well_formed", "well_formed_html"]

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""All but the characters of XML 1.0; the lone surrogates among them have no UTF-8 either."""

_NOT_HTML = re.compile("[\x7f-\x9f\ufdd0-\ufdef]")
"""What HTML forbids and XML does not."""

_LINKED = re.compile(r"(?<=@)(?=\w)|(?<=#)(?=\d)|(?<=\bGH-)(?=\d)|(?<=:)(?=//)", re.IGNORECASE)
"""Where GitHub makes text a link that notifies a person or another thread."""


def well_formed(text: str) -> str:
    r"""Return text with U+FFFD in place of each character that XML 1.0 forbids.

    Examples
    --------
    >>> ascii(well_formed("bell\a, half \ud83d of a pair, whole \U0001f600"))
    "'bell\\ufffd, half \\ufffd of a pair, whole \\U0001f600'"
    """
    return _NOT_XML.sub("\ufffd", text)


def well_formed_html(text: str) -> str:
    r"""Return text with U+FFFD in place of each character that HTML or XML 1.0 forbids.

    Examples
    --------
    >>> ascii(well_formed_html("bell\a, delete \x7f"))
    "'bell\\ufffd, delete \\ufffd'"
    """
    return _NOT_HTML.sub("\ufffd", well_formed(text))


def printable(text: str) -> str:
    r"""Return text on one line, with spaces in place of what cannot be printed.

    ``gradcert_implementations.names`` has the same function, because the two rooms may not import
    each other.

    Examples
    --------
    >>> printable("two\nlines and \x1b an escape")
    'two lines and an escape'
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def shortened(text: str, most: int) -> str:
    """Return text on one line, cut to at most `most` characters.

    Examples
    --------
    >>> shortened("near  one", 12), shortened("subnormal, offset", 12)
    ('near one', 'subnormal, …')
    """
    line = printable(text)
    return line if len(line) <= most else f"{line[: most - 1]}…"


def markdown_cell(text: str) -> str:
    r"""Return text that stays within one table cell, is no markup and notifies nobody on GitHub.

    Examples
    --------
    >>> print(ascii(markdown_cell("a | @user \x1b fixes #123")))
    'a \\| @\u200buser fixes #\u200b123'
    """
    line = printable(text)
    for character in "\\`*_[]<>|&~":
        line = line.replace(character, f"\\{character}")
    return _LINKED.sub("\u200b", line)


def fenced(code: str) -> str:
    r"""Return Python code in a Markdown fence that nothing in the code can close.

    Examples
    --------
    >>> print(fenced("text = '```'"))
    ````python
    text = '```'
    ````
    """
    fence = "```"
    while fence in code:
        fence += "`"
    return f"{fence}python\n{code}\n{fence}"
