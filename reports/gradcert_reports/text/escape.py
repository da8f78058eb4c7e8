"""Text of a subject made safe for the place where a report shows it."""

import re
from collections.abc import Iterable
from html import escape

from markupsafe import Markup

__all__ = [
    "fenced",
    "in_html",
    "in_markdown",
    "on_lines",
    "printable",
    "shortened",
    "well_formed",
]

_NOT_XML = "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
"""All but the characters of XML 1.0; the lone surrogates among them have no UTF-8 either."""

_NOT_HTML = "[\x7f-\x9f\ufdd0-\ufdef]"
"""What HTML forbids and XML does not; a terminal takes some of them for commands."""

_BIDI = "[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
"""What shows the characters around it in another order than that of the text."""

_BAD = re.compile(f"{_NOT_XML}|{_NOT_HTML}|{_BIDI}")

_MARKUP = re.compile(r"[\\`*_\[\]<>|&~$]")
_BLOCK = re.compile(r"^(?!-$)(\d{0,9})([-+#=.)])(?=[-+#= ]|$)")
"""What begins a heading, a list, a rule or the underline of a heading. A dash alone says "none"."""

_LINKED = re.compile(
    r"(?<=@)(?=\w)|(?<=#)(?=\d)|(?<=\bGH-)(?=\d)|(?<=:)(?=//)|(?<=\bwww)(?=\.)", re.IGNORECASE
)
"""Where GitHub makes text a link, which may notify a person or another thread."""


def well_formed(text: str) -> str:
    r"""Return text with U+FFFD in place of what XML or HTML forbids, and of what turns text round.

    Examples
    --------
    >>> ascii(well_formed("bell\a, half \ud83d of a pair, whole \U0001f600"))
    "'bell\\ufffd, half \\ufffd of a pair, whole \\U0001f600'"
    >>> ascii(well_formed("delete \x7f, reversed \u202e"))
    "'delete \\ufffd, reversed \\ufffd'"
    """
    return _BAD.sub("\ufffd", text)


def _seen(text: str) -> str:
    """Return text with a space in place of each character that cannot be printed."""
    return "".join(c if c.isprintable() else " " for c in text)


def printable(text: str) -> str:
    r"""Return text on one line, with spaces in place of what cannot be printed.

    ``gradcert_implementations.names`` has the same function, because the two rooms may not import
    each other.

    Examples
    --------
    >>> printable("two\nlines and \x1b an escape")
    'two lines and an escape'
    """
    return " ".join(_seen(text).split())


def on_lines(lines: Iterable[str]) -> str:
    r"""Return lines as a text for a terminal: no line becomes two, and nothing in it is a command.

    Unlike :func:`printable` it keeps all spaces, with which lines are indented.

    Examples
    --------
    >>> print(on_lines(["a name", "  of two\nlines and \x1b an escape"]))
    a name
      of two lines and   an escape
    """
    return "\n".join(map(_seen, lines))


def shortened(text: str, most: int) -> str:
    """Return text on one line, cut to at most `most` characters.

    Examples
    --------
    >>> shortened("near  one", 12), shortened("subnormal, offset", 12)
    ('near one', 'subnormal, …')
    """
    line = printable(text)
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _unlinked(text: str) -> str:
    """Return text on one line that is no link on GitHub and notifies nobody."""
    return _LINKED.sub("\u200b", printable(text))


def in_markdown(text: str) -> str:
    r"""Return text for a line or a cell of Markdown: it stays there, and is no markup.

    It is no link on GitHub either, and notifies nobody.

    Examples
    --------
    >>> print(ascii(in_markdown("a | @user \x1b fixes #123")))
    'a \\| @\u200buser fixes #\u200b123'
    >>> print(in_markdown("# a heading"), in_markdown("12. *many*"), in_markdown("-1.5"))
    \# a heading 12\. \*many\* -1.5
    """
    return _BLOCK.sub(r"\1\\\2", _MARKUP.sub(r"\\\g<0>", _unlinked(text)))


def in_html(text: str) -> Markup:
    r"""Return text for an HTML element of a Markdown page, like :func:`in_markdown`.

    Examples
    --------
    >>> print(ascii(str(in_html("<b>\n\n@user"))))
    '&lt;b&gt; @\u200buser'
    """
    return Markup(escape(_unlinked(text), quote=False))


def fenced(code: str, language: str = "python") -> str:
    r"""Return code in a Markdown fence that nothing in the code can close.

    U+FFFD stands for what cannot be seen, so that nobody pastes other code than is shown.

    Examples
    --------
    >>> print(fenced("text = '```'"))
    ````python
    text = '```'
    ````
    """
    code = "".join(c if c.isprintable() or c in "\t\n" else "\ufffd" for c in code)
    fence = "```"
    while fence in code:
        fence += "`"
    return f"{fence}{language}\n{code}\n{fence}"
