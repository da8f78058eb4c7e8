"""Which line of what a process wrote to standard error says why it ended."""

import re
from collections.abc import Sequence

from gradcert_implementations.names import printable

__all__ = ["last_words"]

_WHOLE = 240
"""Characters that are quoted whole."""

_HEAD, _TAIL = 60, 120
"""Characters that are quoted from the two ends of what is longer."""

_READ = 1000
"""Characters of a line in which the words of an error are looked for."""

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\|$)"
    r"|[PX^_][^\x1b]*(?:\x1b\\|$)|[ -/]*[0-~])"
)
"""What a terminal would act on: colours, links, titles."""

_KINDS = (
    re.compile(r"\b\w*(?:error|exception|panic|fatal|failed)\b:\s+\S|Sanitizer: ", re.IGNORECASE),
    re.compile(
        r"\b\w*(?:error|exception|fatal|panic|panicked|failed|failure)\b(?:[ .(].{0,80}?)?:(?:\s|$)"
        r"|\((?:\w+::)*\w*(?:Error|Exception)\)"
        r"|^\w[\w.]*(?:Error|Exception|Interrupt|Exit)$"
        r"|\bpanicked at\b|\bterminate called\b|\bterminating\b|\bAssertion\b.*\bfailed\b",
        re.IGNORECASE,
    ),
    re.compile(
        r"error|exception|panic|fatal|abort|assert|fail|terminat|corrupt|smash|overflow|invalid"
        r"|illegal|denied|cannot|not found|out of memory|free\(\)",
        re.IGNORECASE,
    ),
)
"""The lines that say an error, the best kind first; see :func:`last_words`."""

_REASON = re.compile(r"\s+what\(\):")
_TRACEBACK = "Traceback (most recent call last):"


def _after_traceback(lines: Sequence[str]) -> int | None:
    """Return the place of the exception below the last traceback of Python, whatever its name."""
    headers = [place for place, line in enumerate(lines) if line.strip() == _TRACEBACK]
    below = range(headers[-1] + 1, len(lines)) if headers else ()
    return next((place for place in below if not lines[place][0].isspace()), None)


def _telling(lines: Sequence[str]) -> int | None:
    """Return the place of the last line of the best kind; None if no line is of any."""
    named = _after_traceback(lines)
    outer = [place for place, line in enumerate(lines) if not line[0].isspace()]
    inner = [place for place, line in enumerate(lines) if line[0].isspace()]
    for places in (outer, inner):
        for kind in _KINDS:
            for place in reversed(places):
                if place == named or kind.search(lines[place][:_READ]):
                    return place
    return None


def _with_its_reason(lines: Sequence[str], place: int) -> str:
    """Return a line, with the next one if that says why."""
    said, below = lines[place], "".join(lines[place + 1 : place + 2])
    if said.rstrip().endswith(":") or _REASON.match(below):
        said = f"{said} {below}"
    return printable(said)


def last_words(head: bytes, tail: bytes, *, cut: bool) -> str:
    r"""Return what to quote of the standard error of a process that ended, on one line.

    A short text is quoted whole. Of a longer one, the last line of the best kind is quoted:

    1. the name of an error, a colon and why: ``TypeError: x is not a function``,
       ``panic: index out of range``, ``ERROR: AddressSanitizer: heap-use-after-free``; and the
       exception below a traceback of Python, whatever its name;
    2. other sentences that end a program: ``CUDA error at kernel.cu:3: invalid argument``,
       ``file.rb:1: out of memory (RuntimeError)``, ``thread 'main' panicked at``, ``terminate
       called``, ``Assertion `n > 0' failed``;
    3. any line with a word of failure.

    Indented lines count only if no other line is of these kinds: they are the calls below an error.
    A line that ends in a colon is quoted with the next one, and so is one above ``what():``. If no
    line is of these kinds, the beginning and the end are quoted. Colours are left out.

    Parameters
    ----------
    head, tail
        What the process wrote: all of it if they are joined, or its beginning and its end.
    cut
        Whether something between the two is missing.

    Examples
    --------
    >>> crash = "/home/me/kernel.js:1\nthrow new Error(why)\n^\n\nError: out of registers\n"
    >>> crash += "    at Object.<anonymous> (/home/me/kernel.js:1:7)\n" * 9 + "\nNode.js v20\n"
    >>> last_words(crash.encode(), b"", cut=False)
    'Error: out of registers'
    >>> last_words(b"no memory\nleft", b"", cut=False)
    'no memory left'
    """
    text = _ESCAPES.sub("", (head + b"\n" * cut + tail).decode(errors="replace"))
    said = printable(text)
    if not cut and len(said) <= _WHOLE:
        return said
    lines = [line for line in text.splitlines() if line.strip()]
    place = _telling(lines)
    if place is not None:
        said = _with_its_reason(lines, place)
    return said if len(said) <= _WHOLE else f"{said[:_HEAD]} ... {said[-_TAIL:]}"
