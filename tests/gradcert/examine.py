"""One check of one claim under Hypothesis: what explains it, or the smallest refuting case."""

from dataclasses import dataclass
from zlib import crc32

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings

from gradcert.cases import Broken, Case, Claim, NotSupported
from gradcert.checks import Check, Refuted
from gradcert_oracle import Judgement, rungs

__all__ = ["Demand", "Outcome", "examine"]


@dataclass(frozen=True)
class Demand:
    """The row of all passed cases that asked most of the claim, and how it is explained."""

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
    demand
        The most demanding row; None if no row was judged.
    failure, case
        Why the check failed, and the smallest case on which it did. Cases that are not supported
        are passed over, and one of them is the failure only where nothing worse was found. None if
        it passed on every case.
    """

    examples: int
    demand: Demand | None
    failure: Refuted | Broken | NotSupported | None
    case: Case | None


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
    ladder = rungs(claim.format)
    examples = 0
    most: tuple[float, Demand | None] = (0.0, None)
    failed: tuple[Refuted | Broken, Case] | None = None
    unsupported: tuple[NotSupported, Case] | None = None

    def steepness(judgement: Judgement) -> float:
        """Return one number that grows with the rung first, then with the budgets used on it."""
        assert judgement.algorithm is not None
        return 2 * ladder.index(judgement.algorithm) + judgement.used

    def run(case: Case) -> None:
        nonlocal examples, most, failed, unsupported
        examples += failed is None
        try:
            judgements = check.run(claim, case)
        except NotSupported as failure:
            unsupported = failure, case
            return
        except (Refuted, Broken) as failure:
            failed = failure, case
            raise
        if judgements:
            row, judgement = max(judgements, key=lambda judged: steepness(judged[1]))
            hypothesis.target(steepness(judgement))
            if most[1] is None or steepness(judgement) > most[0]:
                most = steepness(judgement), Demand(judgement, case, row)

    search = settings(
        max_examples=max(1, round(max_examples * check.share)),
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.target, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        report_multiple_bugs=False,
        print_blob=False,
    )(given(check.cases(claim))(run))
    about = f"{seed} {check.id} {claim.quantity} {claim.format.name}"
    try:
        hypothesis.seed(crc32(about.encode()))(search)()
    except (Refuted, Broken):
        pass  # Hypothesis ends with the smallest case, which `run` has kept.
    except hypothesis.errors.Flaky:
        pass  # It failed, and then not again on the same case: the failure that was seen stands.
    failure, case = failed or unsupported or (None, None)
    return Outcome(examples, most[1], failure, case)
