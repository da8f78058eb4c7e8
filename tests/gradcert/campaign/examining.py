"""What a worker does with a block: it examines the rows, and makes a refuting one small."""

import functools
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace

import numpy as np

from gradcert.api import subject_of
from gradcert.campaign.blocks import PLAN, Block
from gradcert.campaign.differences import case_of, judged_by_the_oracle
from gradcert.campaign.regimes import drawn
from gradcert.campaign.requests import Request
from gradcert.campaign.tally import Tally
from gradcert.checks import Check, planned_cases
from gradcert.checks.accuracy import judged_rows
from gradcert.checks.registry import CHECKS, check_named
from gradcert.checks.screening import without_screen
from gradcert.core.case import Case
from gradcert.core.claim import Claim, claims_of
from gradcert.core.endings import no_exit
from gradcert.core.evidence import AcceptedRows, Evidence, JudgedRow, Refuted
from gradcert.core.failures import Broken, Died, NotSupported
from gradcert.core.outcome import Outcome
from gradcert.core.settings import SearchSettings
from gradcert.core.shares import counted
from gradcert.core.state.process_state import kept_state
from gradcert.core.state.random_states import seeded
from gradcert.diagnosis.diagnose import diagnose
from gradcert.diagnosis.refutations import Checked
from gradcert.engine.record import result_of
from gradcert.engine.reduction import reduced
from gradcert.engine.trials import Trials
from gradcert.generation.filling import filled
from gradcert_implementations import Implementation
from gradcert_reports.searches.records import Found, SearchedBlock

__all__ = ["examine", "loaded"]

_ONE_IN = 1 << 12
"""The part of the accepted rows that the oracle judges all the same."""

_BATCHES = 16
"""Batches of a regime in a block."""

_DIFFERENCES = 1 << 14
"""Differences in a batch."""

_BESIDE, _SPACED = 4, 16
"""Rows of a refuting case that are tried alone, on each side of the wrong one, and far from it."""

_ACCURACY, _AGAIN = check_named("accuracy"), check_named("second-backward")


@functools.lru_cache(maxsize=2)
def loaded(request: Request) -> tuple[Implementation, dict[str, Claim]]:
    """Return the subject of a search, and its claims by name."""
    subject = subject_of(request.spec, request.options, limits=request.limits)
    return subject, {str(claim): claim for claim in claims_of(subject)}


def _differs(claim: Claim, case: Case) -> bool:
    """Return whether a second backward has other bits than the first, or no answer."""
    subject, first = claim.implementation, claim.answer(case).copy()
    assert subject.second_backward is not None
    functions = dict.fromkeys(subject.functions, subject.second_backward)
    again = replace(claim, implementation=replace(subject, functions=functions))
    try:
        return again.answer(case).tobytes() != first.tobytes()
    except (Broken, NotSupported):
        return True


def _cases(claim: Claim, block: Block) -> Iterator[tuple[Check, Case]]:
    """Yield the cases of a block, each with the check that it is for."""
    if block.last:
        for first in range(block.first, block.last, _DIFFERENCES):
            yield _ACCURACY, case_of(claim, first, min(first + _DIFFERENCES, block.last))
        return
    generator = np.random.default_rng([block.seed, block.number])
    if block.part != PLAN:
        for _ in range(_BATCHES):
            case = drawn(claim, block.part, generator)
            yield _ACCURACY, case
            if _AGAIN.applies(claim):
                yield _AGAIN, case
        return
    settings = SearchSettings(max_examples=1, seed=block.seed)
    for check in CHECKS:
        if check.against_truth and not check.opens and check.applies(claim):
            for planned in planned_cases(check, claim, settings):
                yield check, filled(planned)


def _examined(
    claim: Claim, check: Check, case: Case, block: Block
) -> Sequence[JudgedRow | AcceptedRows]:
    """Examine a case; of drawn rows nearly all are unlike, and a smaller sample is judged."""
    of_all_rows = claim.quantity.options and counted(claim.loss, case).nothing
    if block.part == PLAN or claim.quantity.reduces or of_all_rows:
        return check.run(claim, case)
    if check is _AGAIN:
        return check.run(claim, case) if _differs(claim, case) else []
    answer = claim.answer(case).copy()
    return judged_rows(claim, case, answer, np.arange(case.rows), one_in=_ONE_IN)


def _rows_to_try(case: Case, row: int) -> list[int]:
    """Return rows beside one and far from it. They show what a mistake depends on."""
    beside = range(max(0, row - _BESIDE), min(case.rows, row + _BESIDE + 1))
    spaced = range(0, case.rows, max(1, case.rows // _SPACED))
    return sorted({*beside, *spaced} - {row})


def _outcome(claim: Claim, check: Check, case: Case, failure: Refuted) -> Outcome:
    """Return the smallest case that fails as this one does, and which rows beside it fail too.

    Where the case passes when it is tried again, what was seen at first stands.
    """
    trials, row = Trials(claim, check), failure.evidence.row
    passed, more = list[Case](), list[Evidence]()
    if not claim.quantity.reduces:
        for other in map(case.alone, _rows_to_try(case, row)):
            found = trials.failure(other)
            if found is None:
                passed.append(other)
            elif isinstance(found, Refuted):
                more.append(found.evidence)
    if trials.fails(case):
        reduced(
            case,
            row,
            trials.fails,
            fewest_classes=claim.fewest_classes,
            largest_logit=claim.implementation.domain.largest_logit,
        )
        assert trials.failed is not None
        if isinstance(trials.failed.failure, Refuted):
            failure, case = trials.failed.failure, trials.failed.case
    refutations = (failure.evidence, *more)
    return Outcome(1, (), failure, case, refutations=refutations, passed=tuple(passed))


def _found(
    claim: Claim, check: Check, case: Case, failure: Refuted | Broken | NotSupported
) -> Found:
    """Return the record of a failure, and what it may be."""
    if not isinstance(failure, Refuted):
        at = failure.case or case if isinstance(failure, Died) else case
        return Found(result=result_of(claim, check, Outcome(1, (), failure, at)))
    outcome = _outcome(claim, check, case, failure)
    diagnosed = diagnose([Checked(claim, check, outcome)])
    return Found(
        result=result_of(claim, check, outcome), diagnosis=diagnosed[0] if diagnosed else None
    )


def examine(request: Request, block: Block) -> SearchedBlock:
    """Examine a block, and return what was found.

    The same block of the same request finds the same, but for the seconds. It ends with the first
    case that refutes the claim. What a second backward returns may refute the claim, and is not
    counted.
    """
    _, claims = loaded(request)
    claim, start = claims[block.claim], time.perf_counter()
    tally, found, refused = Tally(claim), None, False
    all_judged = block.last > 0 and judged_by_the_oracle(claim.format)
    with no_exit(), seeded(), kept_state():
        for check, planned in _cases(claim, block):
            if refused and check.may_be_refused:
                continue
            case = planned
            try:
                with without_screen() if all_judged else nullcontext():
                    judged = _examined(claim, check, case, block)
                    if check is _AGAIN:
                        continue
                    tally.add(case, judged)
                if tally.unasked is not None:
                    case = tally.unasked
                    tally.answered(claim.answer(case))
            except (Refuted, Broken, NotSupported) as failure:
                refused = check.may_be_refused and isinstance(failure, NotSupported)
                if not refused:
                    found = _found(claim, check, case, failure)
                    break
    return SearchedBlock(
        number=block.number,
        claim=block.claim,
        part=block.part,
        rows=tally.rows,
        seconds=round(time.perf_counter() - start, 4),
        worst=tally.worst,
        bound=tally.bound,
        found=found,
    )
