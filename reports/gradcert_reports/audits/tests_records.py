"""The records of an audit of tests: which mutants of a function's gradient they notice."""

from enum import StrEnum
from typing import Literal

import msgspec

__all__ = ["AuditOfTests", "AuditedTest", "Fate", "Outcome", "score"]


class Fate(StrEnum):
    """What became of a mutant.

    ``KILLED``: a test failed, or the run crashed or took too long. ``SURVIVED``: all tests passed,
    although it changed a gradient. ``NO_MEANING``: it changed nothing. ``NOT_TRIED``: it could not
    be made, or pytest failed.
    """

    KILLED = "killed"
    SURVIVED = "survived"
    NO_MEANING = "no meaning here"
    NOT_TRIED = "not tried"


class AuditedTest(msgspec.Struct, frozen=True, kw_only=True):
    """A test as it is, without a mutant.

    Attributes
    ----------
    name
        Its node id.
    calls
        How often it called the function.
    gradients
        How many gradients of the function were computed in it.
    """

    name: str
    calls: int
    gradients: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one mutant.

    Attributes
    ----------
    mutant
        Its name.
    sentence
        What the wrong answer is, to be followed by "passes".
    fate
        What became of it.
    reason
        Why, in words, where no failing test says it.
    failed
        The tests that failed. A run ends at the first, so there is mostly one.
    passed
        The tests that passed although it changed a gradient in them.
    seconds
        How long the run took.
    command
        The line that runs it again.
    """

    mutant: str
    sentence: str
    fate: Fate
    reason: str
    failed: tuple[str, ...]
    passed: tuple[str, ...]
    seconds: float
    command: str


class AuditOfTests(msgspec.Struct, frozen=True, kw_only=True):
    """Which mutants of a function's gradient the tests notice.

    Attributes
    ----------
    schema
        The version of this record.
    gradcert
        The version of gradcert.
    replaced
        The function, as MODULE:NAME.
    arguments
        What pytest was given.
    seconds
        How long the tests take without a mutant.
    tests
        The tests, in the order in which they ran.
    outcomes
        What became of each mutant.
    score
        100 killed / (killed + survived); None if no mutant was tried.
    """

    schema: Literal["gradcert-tests-audit/1"] = "gradcert-tests-audit/1"
    gradcert: str
    replaced: str
    arguments: tuple[str, ...]
    seconds: float
    tests: tuple[AuditedTest, ...]
    outcomes: tuple[Outcome, ...]
    score: float | None

    def of(self, *fates: Fate) -> list[Outcome]:
        """Return the mutants with one of these fates."""
        return [outcome for outcome in self.outcomes if outcome.fate in fates]


def score(outcomes: tuple[Outcome, ...]) -> float | None:
    """Return the mutation score in percent; None if no mutant was tried.

    Examples
    --------
    >>> score(()) is None
    True
    """
    fates = [outcome.fate for outcome in outcomes]
    killed, survived = fates.count(Fate.KILLED), fates.count(Fate.SURVIVED)
    return 100 * killed / (killed + survived) if killed + survived else None
