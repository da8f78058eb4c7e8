"""One check of one claim: what explains the claim, or the smallest case that refutes it."""

from collections.abc import Sequence
from dataclasses import dataclass

from gradcert.checks import CHECKS, Check
from gradcert.core.case import Case
from gradcert.core.claim import Broken, Claim, NotSupported
from gradcert.core.clock import CLOCK
from gradcert.core.evidence import Refuted
from gradcert.core.float_environment import keep_subnormals
from gradcert.core.outcome import Outcome
from gradcert.core.settings import SearchSettings
from gradcert.engine.worst_rows import WorstRows
from gradcert.generation.search import drawn, search
from gradcert.generation.strategies import cases as cases_of

__all__ = ["run_check"]

_FEW = 2
"""A failing case with at most this many logits is small enough."""

_SURVEYED = 0.2
"""The part of the cases that is tried after a refutation, to see which others refute."""


@dataclass(frozen=True)
class _Failing:
    """A case on which the check failed, and why."""

    failure: Refuted | Broken | NotSupported
    case: Case


class _Trials:
    """The check run on case after case, and what it saw."""

    def __init__(self, claim: Claim, check: Check) -> None:
        self._claim = claim
        self._check = check
        self.worst_rows = WorstRows(claim.format)
        self.failed: _Failing | None = None
        self.unsupported: _Failing | None = None

    @property
    def logits(self) -> int:
        """The number of logits in the last case that failed."""
        assert self.failed is not None
        return self.failed.case.point.size

    @CLOCK.charging("checks")
    def run(self, case: Case) -> None:
        """Try a case. Keep what it fails with, and raise it."""
        try:
            found = self._check.run(self._claim, case)
        except NotSupported as failure:
            self.unsupported = _Failing(failure, case)
            return
        except (Refuted, Broken) as failure:
            self.failed = _Failing(failure, case)
            raise
        if self.failed is None:
            self.worst_rows.add(case, found)

    @CLOCK.charging("checks")
    def refutation(self, case: Case) -> Refuted | None:
        """Return what refutes the claim on this case, and keep nothing."""
        try:
            self._check.run(self._claim, case)
        except Refuted as refuted:
            return refuted
        except (Broken, NotSupported):
            pass
        return None


def _part(cases: Sequence[Case], share: float) -> Sequence[Case]:
    """Return an evenly spaced part of the cases, at least the first."""
    wanted = max(1, round(len(cases) * share))
    return [cases[number * len(cases) // wanted] for number in range(wanted)]


def _found_smaller(trials: _Trials, check: Check, claim: Claim, *, count: int, seed: str) -> bool:
    """Look for failing cases of fewer and fewer logits, and return whether there are any.

    Values do not grow while Hypothesis shrinks a case. If a case of fewer logits needs larger
    values, Hypothesis does not reach it, but another search may.
    """

    def found(below: int, tries: int) -> bool:
        before = trials.failed
        strategy = cases_of(claim, size=check.size, below=below)
        if strategy is not None:
            search(trials.run, strategy, count=tries, seed=seed)
        return trials.failed is not before

    first = trials.failed
    if trials.logits > _FEW and not found(_FEW + 1, 3 * count):
        while trials.logits > _FEW and found(trials.logits, count):
            pass
    return trials.failed is not first


def run_check(claim: Claim, check: Check, settings: SearchSettings) -> Outcome:
    """Run one check on one claim. The same seed tries the same cases and shrinks to the same one.

    All checks of a claim with cases of one size try the same ones, or a part of them. So do all
    quantities of one format that are functions of logits in one range.

    Parameters
    ----------
    claim, check
        What is examined, and with what.
    settings
        How many cases, and what they are drawn from.

    Returns
    -------
    The outcome, with the smallest case that fails, if one does.
    """
    keep_subnormals()  # Loading the implementation may have changed that.
    trials = _Trials(claim, check)
    source = f"{settings.seed} {claim.format.name}"
    most = max(other.share for other in CHECKS if other.size == check.size)
    count = max(1, round(settings.max_examples * most))
    strategy = cases_of(claim, size=check.size)
    assert strategy is not None  # It is None only if `below` is given.
    every = drawn(strategy, count=count, seed=source)
    cases = _part(every, check.share / most)
    examples = 0
    for tried in cases:
        examples += 1
        try:
            trials.run(tried)
        except (Refuted, Broken):
            if not _found_smaller(trials, check, claim, count=len(cases), seed=source):
                search(trials.run, strategy, count=count, seed=source, after=every.index(tried))
            break
    worst_rows = trials.worst_rows.settled()
    failing = trials.failed or trials.unsupported
    if failing is None:
        return Outcome(examples, worst_rows)
    failure, case = failing.failure, failing.case
    if not isinstance(failure, Refuted):
        return Outcome(examples, worst_rows, failure, case)
    # Hypothesis cannot drop a row that stands before the wrong one.
    alone = case.alone(failure.evidence.row)
    smaller = trials.refutation(alone)
    if smaller:
        failure, case = smaller, alone
    # The smallest case may fit many flaws. The cases before the first that failed pass.
    others = map(trials.refutation, cases[examples - 1 :][: round(len(cases) * _SURVEYED) + 1])
    refutations = failure.evidence, *(other.evidence for other in others if other)
    return Outcome(examples, worst_rows, failure, case, refutations)
