"""One check of one claim under Hypothesis: what explains it, or the smallest refuting case."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from unittest.mock import patch
from zlib import crc32

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis.internal.cache import LRUCache
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from hypothesis.strategies import SearchStrategy

from gradcert.cases import Broken, Case, Claim, NotSupported
from gradcert.checks import Check, Evidence, Refuted
from gradcert.clock import CLOCK
from gradcert.processor import keep_subnormals
from gradcert_oracle import Judgement, rungs

__all__ = ["Demand", "Outcome", "examine"]

_FEW = 2
"""Classes of a case that nobody wants smaller."""

_SURVEYED = 0.2
"""The part of the examples that is tried again after a refutation, to see which others refute."""

# Hypothesis mixes constants of whichever modules of the user's are loaded into its draws, so that a
# seed would mean one thing in one process and another in the next. There is no setting against it;
# a search sees no such constants, and keeps what it computes from the others to itself.
_NO_CONSTANTS = Constants()
_NO_LOCAL_CONSTANTS = {
    "_get_local_constants": lambda: _NO_CONSTANTS,
    "CONSTANTS_CACHE": LRUCache(1024),
}


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
        The evidence of the smallest refuting case, and of others that were drawn after it.
    """

    examples: int
    demands: tuple[Demand, ...]
    failure: Refuted | Broken | NotSupported | None
    case: Case | None
    refutations: tuple[Evidence, ...] = ()


def examine(claim: Claim, check: Check, *, max_examples: int, seed: int) -> Outcome:
    """Run one check on one claim; the same seed tries the same cases and shrinks to the same one.

    Parameters
    ----------
    claim, check
        What is examined, and by what.
    max_examples
        For a check that gets a full share of them.
    seed
        Each check of each claim draws its own cases from it.
    """
    keep_subnormals()  # Loading the implementation may have changed that.
    ladder = rungs(claim.format)
    examples = 0
    refuting: list[Evidence] = []
    demands: list[Demand] = []
    failed: tuple[Refuted | Broken, Case] | None = None
    unsupported: tuple[NotSupported, Case] | None = None

    def steepness(judged: tuple[int, Judgement]) -> tuple[int, float]:
        """Return what grows with the rung first, then with the budgets used on it."""
        _, judgement = judged
        assert judgement.algorithm is not None
        return ladder.index(judgement.algorithm), judgement.used

    @CLOCK.charging("checks")
    def run(case: Case) -> None:
        nonlocal examples, failed, unsupported
        examples += failed is None
        try:
            judgements = check.run(claim, case)
        except NotSupported as failure:
            unsupported = failure, case
            return
        except (Refuted, Broken) as failure:
            failed = failure, case
            raise
        if judgements and failed is None:
            row, judgement = max(judgements, key=steepness)
            demands.append(Demand(judgement, case, row))

    @CLOCK.charging("checks")
    def survey(case: Case) -> None:
        """Collect refuting cases as they are drawn; the smallest may look like many a flaw."""
        try:
            check.run(claim, case)
        except Refuted as refuted:
            refuting.append(refuted.evidence)
        except (Broken, NotSupported):
            pass

    def search(
        test: Callable[[Case], None],
        cases: SearchStrategy[Case] | None,
        count: int,
        phases: Sequence[Phase] = (Phase.generate, Phase.shrink),
    ) -> None:
        if cases is None:
            return
        configured = settings(
            max_examples=count,
            database=None,
            deadline=None,
            phases=phases,
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
            report_multiple_bugs=False,
            print_blob=False,
        )
        about = f"{seed} {check.id} {claim.quantity} {claim.format.name}"
        try:
            with CLOCK.charging("Hypothesis"), patch.dict(vars(providers), _NO_LOCAL_CONSTANTS):
                hypothesis.seed(crc32(about.encode()))(configured(given(cases)(test)))()
        except (Refuted, Broken):
            pass  # Hypothesis ends with the smallest case, which `run` has kept.
        except hypothesis.errors.Flaky:
            pass  # It failed, and then not again on the same case: what was seen stands.

    share = max(1, round(max_examples * check.share))
    search(run, check.cases(claim), share)
    while failed is not None and failed[1].first.shape[1] > _FEW:
        # Values do not grow while a case shrinks: where fewer classes need larger ones, Hypothesis
        # does not come to them, and another search may.
        larger = failed
        for below, count in ((_FEW + 1, 3 * share), (larger[1].first.shape[1], share)):
            if failed is larger:
                search(run, check.cases(claim, below=below), count)
        if failed is larger:
            break
    failure, case = failed or unsupported or (None, None)
    if isinstance(failure, Refuted) and case is not None:
        # A row in front of the wrong one stays when Hypothesis shrinks the number of rows.
        alone = case.alone(failure.evidence.row)
        try:
            check.run(claim, alone)
        except Refuted as smaller:
            failure, case = smaller, alone
        except (Broken, NotSupported):
            pass
        refuting.append(failure.evidence)
        search(survey, check.cases(claim), round(share * _SURVEYED) + 1, (Phase.generate,))
    return Outcome(examples, tuple(demands), failure, case, tuple(refuting))
