"""An audit of tests on a terminal."""

from collections.abc import Iterator
from textwrap import wrap

from gradcert_reports.audits.tests_phrases import ENDS_EARLY, counts, headline, silent_tests, why
from gradcert_reports.audits.tests_records import AuditOfTests, Fate, Outcome
from gradcert_reports.text.escape import on_lines, printable, shortened

__all__ = ["tests_text"]

_COLUMNS = 80
_NAME = 24
"""Columns of the name of a mutant."""

_COUNT = 10
"""Columns of a number of mutants."""


def _paragraph(text: str, indent: str = "") -> Iterator[str]:
    yield from wrap(
        printable(text),
        _COLUMNS,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )


def _end_of(name: str, most: int) -> str:
    """Return a name of a test, without its beginning if it is too long."""
    line = printable(name)
    return line if len(line) <= most else f"…{line[1 - most :]}"


def _reason(outcome: Outcome, most: int) -> str:
    found = why(outcome)
    return shortened(found, most) if outcome.reason else _end_of(found, most)


def _lines(audit: AuditOfTests) -> Iterator[str]:
    yield from _paragraph(headline(audit))
    survivors = audit.of(Fate.SURVIVED)
    if survivors:
        yield from ("", "survived:")
    for outcome in survivors:
        yield from _paragraph(f"{outcome.mutant}: {outcome.sentence} passes", "  ")
        yield f"    {printable(outcome.command)}"  # Whole, to be copied.
    for fate in (Fate.KILLED, Fate.NO_MEANING, Fate.NOT_TRIED):
        found = audit.of(fate)
        if found:
            yield from ("", f"{fate}:")
        for outcome in found:
            reason = _reason(outcome, _COLUMNS - 2 - _NAME)
            yield f"  {outcome.mutant:{_NAME}}{reason}".rstrip()
    wide = _COLUMNS - 2 * _COUNT
    yield from ("", f"{'test':{wide}}{'killed':>{_COUNT}}{'survived':>{_COUNT}}")
    for one in counts(audit):
        name = _end_of(one.name, wide - 1)
        yield f"{name:{wide}}{one.killed:{_COUNT}}{one.survived:{_COUNT}}"
    yield ""
    yield from _paragraph(" ".join([ENDS_EARLY, *silent_tests(audit)]))


def tests_text(audit: AuditOfTests) -> str:
    """Return an audit of tests for a terminal of 80 columns: the survivors first.

    Only the lines that run a survivor again are as long as they are.
    """
    return on_lines(_lines(audit))
