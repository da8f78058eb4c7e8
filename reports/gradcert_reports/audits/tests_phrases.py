"""What every page says of an audit of tests."""

from collections.abc import Iterator
from dataclasses import dataclass

from gradcert_reports.audits.tests_records import AuditOfTests, Fate, Outcome

__all__ = ["ENDS_EARLY", "CountsOfATest", "counts", "headline", "silent_tests", "why"]

ENDS_EARLY = (
    "Unless --maxfail=0 is among the arguments of pytest, a run ends at its first failing test."
)


@dataclass(frozen=True)
class CountsOfATest:
    """How many mutants a test killed, and how many survived it.

    Attributes
    ----------
    name
        The test.
    killed, survived
        The numbers of mutants.
    """

    name: str
    killed: int
    survived: int


def headline(audit: AuditOfTests) -> str:
    """Return how many mutants are noticed, in one sentence."""
    killed, survived = (len(audit.of(fate)) for fate in (Fate.KILLED, Fate.SURVIVED))
    if audit.score is None:
        return f"{audit.replaced}: no mutant could be tried"
    return (
        f"{audit.replaced}: the tests notice {killed} of {killed + survived} wrong gradients "
        f"(mutation score {audit.score:.0f}%)"
    )


def why(outcome: Outcome) -> str:
    """Return what killed a mutant, or why it was not tried."""
    more = len(outcome.failed) - 1
    return outcome.reason or "".join(outcome.failed[:1]) + (f" and {more} more" if more > 0 else "")


def counts(audit: AuditOfTests) -> list[CountsOfATest]:
    """Return the counts of the tests that met a mutant, those with most survivors first."""
    killers = [name for outcome in audit.outcomes for name in outcome.failed]
    losers = [name for outcome in audit.outcomes for name in outcome.passed]
    found = [
        CountsOfATest(test.name, killers.count(test.name), losers.count(test.name))
        for test in audit.tests
        if test.name in {*killers, *losers}
    ]
    return sorted(found, key=lambda one: -one.survived)


def silent_tests(audit: AuditOfTests) -> Iterator[str]:
    """Yield how many tests met no mutant, do not use the function, or not its gradient."""
    total = len(audit.tests)
    met = len(counts(audit))
    able = sum(bool(test.gradients) for test in audit.tests)
    never = sum(not test.calls for test in audit.tests)
    values = sum(bool(test.calls) and not test.gradients for test in audit.tests)
    if met < able:
        yield f"Tests that no mutant reached: {able - met} of {total}."
    if never:
        yield f"Tests that do not call the function: {never} of {total}."
    if values:
        yield f"Tests that call it without its gradient: {values} of {total}."
