"""One check of one claim under Hypothesis: what explains it, or the smallest refuting case."""

from collections.abc import Sequence
from dataclasses import dataclass

from gradcert.cases import Broken, Case, Claim, NotSupported
from gradcert.checks import CHECKS, Check, Evidence, Refuted
from gradcert.clock import CLOCK
from gradcert.drawing import drawn, search
from gradcert.processor import keep_subnormals
from gradcert_oracle import Judgement, rungs

__all__ = ["Demand", "Outcome", "examine"]

_FEW = 2
"""Logits of a case that nobody wants smaller."""

_SURVEYED = 0.2
"""So large a part of the cases is tried after a refutation, to see which others refute."""


@dataclass(frozen=True)
class Demand:
    """The row of a passed case that asked most of the claim, and how it is explained."""

    judgement: Judgement
    case: Case
    row: int


@dataclass(frozen=True)
class Outcome:
    """What one check found out about one claim.

    Attributes
    ----------
    examples
        Cases tried until the verdict was known.
    demands
        The most demanding row of each case that passed and was judged.
    failure, case
        Why the check failed, and the smallest case on which it did. Cases that are not supported
        are passed over, and one of them is the failure only where nothing worse was found. None if
        it passed on every case.
    refutations
        The evidence of the smallest refuting case, and of others from the first on that refuted.
    """

    examples: int
    demands: tuple[Demand, ...]
    failure: Refuted | Broken | NotSupported | None
    case: Case | None
    refutations: tuple[Evidence, ...] = ()


class _Trials:
    """The check run on case after case, and what it saw."""

    def __init__(self, claim: Claim, check: Check) -> None:
        self._claim = claim
        self._check = check
        self._ladder = rungs(claim.format)
        self.demands: list[Demand] = []
        self.failed: tuple[Refuted | Broken, Case] | None = None
        self.unsupported: tuple[NotSupported, Case] | None = None

    @property
    def logits(self) -> int:
        """The number of logits in the last case that failed."""
        assert self.failed is not None
        return self.failed[1].first.size

    def _steepness(self, judged: tuple[int, Judgement]) -> tuple[int, float]:
        """Return what grows with the rung first, then with the budgets used on it."""
        _, judgement = judged
        assert judgement.algorithm is not None
        return self._ladder.index(judgement.algorithm), judgement.used

    @CLOCK.charging("checks")
    def run(self, case: Case) -> None:
        """Try a case; raise what it fails with, and keep it."""
        try:
            judgements = self._check.run(self._claim, case)
        except NotSupported as failure:
            self.unsupported = failure, case
            return
        except (Refuted, Broken) as failure:
            self.failed = failure, case
            raise
        if judgements and self.failed is None:
            row, judgement = max(judgements, key=self._steepness)
            self.demands.append(Demand(judgement, case, row))

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
    """Return this part of the cases, from all over them; at least the first."""
    wanted = max(1, round(len(cases) * share))
    return [cases[number * len(cases) // wanted] for number in range(wanted)]


def _found_smaller(trials: _Trials, check: Check, claim: Claim, *, count: int, seed: str) -> bool:
    """Look for failing cases of fewer logits, each fewer than the last, and tell if there are any.

    Values do not grow while a case shrinks: where fewer logits need larger ones, Hypothesis does
    not come to them, and another search may.
    """

    def found(below: int, tries: int) -> bool:
        before = trials.failed
        strategy = check.cases(claim, below=below)
        if strategy is not None:
            search(trials.run, strategy, count=tries, seed=seed)
        return trials.failed is not before

    first = trials.failed
    if trials.logits > _FEW and not found(_FEW + 1, 3 * count):
        while trials.logits > _FEW and found(trials.logits, count):
            pass
    return trials.failed is not first


def examine(claim: Claim, check: Check, *, max_examples: int, seed: int) -> Outcome:
    """Run one check on one claim; the same seed tries the same cases and shrinks to the same one.

    All checks of a claim that want cases of one size try the same ones, or a part of them, and so
    do all quantities of one format that are functions of logits of one range.

    Parameters
    ----------
    claim, check
        What is examined, and by what.
    max_examples
        For a check that gets a full share of them.
    seed
        What the cases are drawn from.
    """
    keep_subnormals()  # Loading the implementation may have changed that.
    trials = _Trials(claim, check)
    source = f"{seed} {claim.format.name}"
    most = max(other.share for other in CHECKS if other.size == check.size)
    count = max(1, round(max_examples * most))
    strategy = check.cases(claim)
    assert strategy is not None  # There are none only below a number of logits.
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
    failure, case = trials.failed or trials.unsupported or (None, None)
    refutations = []
    if isinstance(failure, Refuted) and case is not None:
        # A row in front of the wrong one stays when Hypothesis shrinks the number of rows.
        alone = case.alone(failure.evidence.row)
        smaller = trials.refutation(alone)
        if smaller:
            failure, case = smaller, alone
        # The smallest may look like many a flaw. Those before the first are known to pass.
        others = map(trials.refutation, cases[examples - 1 :][: round(len(cases) * _SURVEYED) + 1])
        refutations = [failure.evidence, *(other.evidence for other in others if other)]
    return Outcome(examples, tuple(trials.demands), failure, case, tuple(refutations))
