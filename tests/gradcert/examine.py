"""One check of one claim under Hypothesis: what explains it, or the smallest refuting case."""

from collections.abc import Callable
from dataclasses import dataclass, field
from zlib import crc32

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings

from gradcert.cases import Broken, Case, Claim, NotSupported
from gradcert.checks import Check, Evidence, Refuted
from gradcert_oracle import Judgement, rungs

__all__ = ["Outcome", "examine"]


@dataclass
class Outcome:
    """What one check found out about one claim.

    Attributes
    ----------
    examples
        Cases tried until the verdict was known.
    demand, row, case
        How the most demanding row was explained, and where it was; None if no row was judged.
    refuted, broken, not_supported
        At most one of these is set.
    """

    examples: int = 0
    demand: Judgement | None = None
    row: int = 0
    case: Case | None = None
    refuted: Evidence | None = None
    broken: str | None = None
    broken_by: Case | None = field(default=None, repr=False)
    not_supported: str | None = None


def examine(
    claim: Claim,
    check: Check,
    *,
    max_examples: int,
    seed: int,
    on_case: Callable[[], None] = lambda: None,
) -> Outcome:
    """Run one check on one claim; the same seed tries the same cases and shrinks to the same one.

    Parameters
    ----------
    max_examples
        For a check that gets a full share of them.
    on_case
        Called after every case, to show progress.
    """
    outcome = Outcome()
    ladder = rungs(claim.format)
    failure: Exception | None = None

    def steepness(judgement: Judgement) -> float:
        """Return one number that grows with the rung first, then with the budgets used on it."""
        assert judgement.algorithm is not None
        return 2 * ladder.index(judgement.algorithm) + judgement.used

    def run(case: Case) -> None:
        nonlocal failure
        if failure is None:
            outcome.examples += 1
            on_case()
        try:
            judgements = check.run(claim, case)
        except (Refuted, Broken, NotSupported) as error:
            failure = error
            outcome.broken_by = case
            raise
        if not judgements:
            return
        row, demand = max(judgements, key=lambda judged: steepness(judged[1]))
        hypothesis.target(steepness(demand))
        if failure is None and (
            outcome.demand is None or steepness(demand) > steepness(outcome.demand)
        ):
            outcome.demand, outcome.row, outcome.case = demand, row, case

    examples = max(1, round(max_examples * check.share))
    search = given(check.cases(claim))(run)
    search = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.target, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        report_multiple_bugs=False,
        print_blob=False,
    )(search)
    name = f"{seed} {check.id} {claim.quantity} {claim.format.name}"
    search = hypothesis.seed(crc32(name.encode()))(search)
    try:
        search()
    except (Refuted, Broken, NotSupported) as error:
        failure = error
    except hypothesis.errors.Flaky:
        pass  # It failed, and not again with the same case: the failure that was seen stands.
    match failure:
        case Refuted():
            outcome.refuted = failure.evidence
        case Broken():
            outcome.broken = str(failure)
        case NotSupported():
            outcome.not_supported = str(failure)
    return outcome
