"""An audit of tests on a terminal."""

from collections.abc import Iterator

from gradcert_reports.audits.paragraphs import COLUMNS, paragraph
from gradcert_reports.audits.tests_phrases import ENDS_EARLY, counts, headline, silent_tests, why
from gradcert_reports.audits.tests_records import AuditOfTests, Fate, Outcome
from gradcert_reports.text.escape import on_lines, printable, shortened

__all__ = ["tests_text"]

_NAME = 24
"""Columns of the name of a mutant."""

_COUNT = 10
"""Columns of a number of mutants."""


def _end_of(name: str, most: int) -> str:
    """Return a name of a test, without its beginning if it is too long."""
    line = printable(name)
    return line if len(line) <= most else f"…{line[1 - most :]}"


def _reason(outcome: Outcome, most: int) -> str:
    found = why(outcome)
    return shortened(found, most) if outcome.reason else _end_of(found, most)


def _lines(audit: AuditOfTests) -> Iterator[str]:
    yield from paragraph(headline(audit))
    survivors = audit.of(Fate.SURVIVED)
    if survivors:
        yield from ("", "survived:")
    for outcome in survivors:
        yield from paragraph(f"{outcome.mutant}: {outcome.sentence} passes", "  ")
        yield f"    {printable(outcome.command)}"  # Whole, to be copied.
    for fate in (Fate.KILLED, Fate.NO_MEANING, Fate.NOT_TRIED):
        found = audit.of(fate)
        if found:
            yield from ("", f"{fate}:")
        for outcome in found:
            reason = _reason(outcome, COLUMNS - 2 - _NAME)
            yield f"  {outcome.mutant:{_NAME}}{reason}".rstrip()
    wide = COLUMNS - 2 * _COUNT
    yield from ("", f"{'test':{wide}}{'killed':>{_COUNT}}{'survived':>{_COUNT}}")
    for one in counts(audit):
        name = _end_of(one.name, wide - 1)
        yield f"{name:{wide}}{one.killed:{_COUNT}}{one.survived:{_COUNT}}"
    yield ""
    yield from paragraph(" ".join([ENDS_EARLY, *silent_tests(audit)]))


def tests_text(audit: AuditOfTests) -> str:
    """Return an audit of tests for a terminal of 80 columns: the survivors first.

    Names are never broken, and neither are the lines that run a survivor again.
    """
    return on_lines(_lines(audit))
