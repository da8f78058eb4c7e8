"""All that was found out about a quantity that is refuted: its cases, and the rows of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gradcert.checks import Check
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import Evidence
from gradcert.core.outcome import Outcome
from gradcert.diagnosis.matching import fails, failure_on
from gradcert.diagnosis.observing import Observed, observed

__all__ = ["Checked", "Refutation", "Refutations", "Seen", "refutations"]


@dataclass(frozen=True)
class Checked:
    """What one check found about one claim."""

    claim: Claim
    check: Check
    outcome: Outcome


@dataclass(frozen=True)
class Refutation:
    """A check that refutes a claim.

    Attributes
    ----------
    evidence, observed
        The evidence of each refuting case, the smallest case first; and what is known of its rows.
    passed
        Cases on which the check passed.
    """

    claim: Claim
    check: Check
    evidence: tuple[Evidence, ...]
    observed: tuple[Observed, ...]
    passed: tuple[Case, ...]


@dataclass(frozen=True)
class Seen:
    """What is known of the rows of a case, and from which check."""

    claim: Claim
    check: Check
    rows: Observed


@dataclass(frozen=True)
class Refutations:
    """What refutes a quantity.

    Attributes
    ----------
    about
        Everything that was checked about it.
    again
        Those that refute it, with the cases that refute it again.
    rows
        The rows of these cases, and of cases that passed.
    """

    about: tuple[Checked, ...]
    again: tuple[Refutation, ...]
    rows: tuple[Seen, ...]

    @property
    def cases(self) -> int:
        """The number of refuting cases."""
        return sum(len(refutation.evidence) for refutation in self.again)


def _again(checked: Checked) -> Refutation:
    """Run the check again, and keep the cases that refute again and those that pass again."""
    claim, check, outcome = checked.claim, checked.check, checked.outcome
    again = (failure_on(claim, check, found.case) for found in outcome.refutations)
    found = tuple(found for found in again if isinstance(found, Evidence))
    passed = tuple(case for case in outcome.passed if not fails(claim, check, case))
    rows = tuple(observed(claim, check, one.case) for one in found)
    return Refutation(claim, check, found, rows, passed)


def _seen(refutation: Refutation) -> Iterator[Seen]:
    claim, check = refutation.claim, refutation.check
    for evidence, found in zip(refutation.evidence, refutation.observed, strict=True):
        wrong = found.wrong | {evidence.row} if check.against_truth else frozenset({evidence.row})
        yield Seen(claim, check, replace(found, wrong=wrong, right=found.right - wrong))
    for case in refutation.passed:
        yield Seen(claim, check, Observed(case, frozenset(range(case.rows)), frozenset()))


def refutations(about: Sequence[Checked]) -> Refutations:
    """Return what refutes a quantity, from all that was checked about it."""
    refuted = map(_again, (one for one in about if one.outcome.refutations))
    again = tuple(found for found in refuted if found.evidence)
    return Refutations(tuple(about), again, tuple(one for found in again for one in _seen(found)))
