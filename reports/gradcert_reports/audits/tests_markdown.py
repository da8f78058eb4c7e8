"""An audit of tests as Markdown."""

from collections.abc import Iterator

from gradcert_reports.audits.tests_phrases import ENDS_EARLY, counts, headline, silent_tests, why
from gradcert_reports.audits.tests_records import AuditOfTests, Fate
from gradcert_reports.text.escape import fenced, in_markdown

__all__ = ["tests_markdown"]


def _lines(audit: AuditOfTests) -> Iterator[str]:
    yield from ("# gradcert audit pytest", "", f"{in_markdown(headline(audit))}.")
    survivors = audit.of(Fate.SURVIVED)
    if survivors:
        yield from ("", "## survived")
    for outcome in survivors:
        yield ""
        yield in_markdown(f"{outcome.mutant}: {outcome.sentence} passes")
        yield from ("", fenced(outcome.command, "sh"))
    for fate in (Fate.KILLED, Fate.NO_MEANING, Fate.NOT_TRIED):
        found = audit.of(fate)
        if found:
            yield from ("", f"## {fate}", "", "| mutant | why |", "| --- | --- |")
        for outcome in found:
            yield f"| {in_markdown(outcome.mutant)} | {in_markdown(why(outcome))} |"
    yield from ("", "## tests", "", "| test | killed | survived |", "| --- | ---: | ---: |")
    for one in counts(audit):
        yield f"| {in_markdown(one.name)} | {one.killed} | {one.survived} |"
    yield from ("", " ".join([ENDS_EARLY, *silent_tests(audit)]))


def tests_markdown(audit: AuditOfTests) -> str:
    """Return an audit of tests as a page of Markdown: the survivors first."""
    return "\n".join(_lines(audit)) + "\n"
