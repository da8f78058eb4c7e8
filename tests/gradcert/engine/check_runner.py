"""One check of one claim: what explains the claim, or the smallest case that refutes it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import TypeVar

import numpy as np

from gradcert.checks import CHECKS, Check, planned_cases
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import Refuted
from gradcert.core.failures import Broken, Died, NotCalled, NotSupported
from gradcert.core.outcome import Outcome
from gradcert.core.settings import SearchSettings
from gradcert.core.state.float_environment import reset_float_environment
from gradcert.engine.reduction import reduced, with_plain_upstream
from gradcert.engine.smallest_case import SmallestCase
from gradcert.engine.trials import Trials
from gradcert.generation.filling import filled
from gradcert.generation.plain import PLAIN_NUMBERS, plain_case
from gradcert.generation.plan import PlannedCase
from gradcert.generation.search import drawn, search
from gradcert.generation.sizes import LONG
from gradcert.generation.strategies import cases as cases_of

__all__ = ["run_check"]

_FEW = 2
"""A failing case with at most this many logits is small enough."""

_MANY = 16
"""Hypothesis shrinks only a part of a case with more logits than this."""

_SURVEYED_NUMBERS = 1 << 13
"""Numbers of a case that is surveyed, at most."""

_T = TypeVar("_T")

_SURVEYED = 0.2
"""The part of the cases that is tried after a refutation, to see which others refute."""

_KEPT = 8
"""Cases that passed just before the first that failed. They show where the fault begins."""


@dataclass(frozen=True)
class _Tried:
    """How many cases were tried.

    After a failure, `passed` has some that passed before it, and `others` has cases that show
    whether they refute too.
    """

    examples: int
    passed: Sequence[Case] = ()
    others: Sequence[Case] = ()


def _part(cases: Sequence[_T], share: float) -> Sequence[_T]:
    """Return an evenly spaced part of the cases, at least the first if there is one."""
    wanted = min(len(cases), max(1, round(len(cases) * share)))
    return [cases[number * len(cases) // wanted] for number in range(wanted)]


def _trimmed(case: PlannedCase) -> Case:
    """Return a case of the plan with its first rows only, if it is large."""
    rows = min(case.rows, max(1, _SURVEYED_NUMBERS // case.classes))
    return filled(replace(case, rows=rows, unlike=case.unlike[:rows]))


def _surveyed(cases: Sequence[PlannedCase], *, widest: bool = False) -> list[Case]:
    """Return a part of the cases of the plan, those of very many classes only if they are wanted.

    One row of very many classes costs as much as a whole batch of short ones.
    """
    short = [one for one in cases if one.classes <= _SURVEYED_NUMBERS]
    long = [one for one in cases if one.classes > _SURVEYED_NUMBERS] if widest else []
    return [_trimmed(one) for one in (*_part(short, _SURVEYED), *long)]


def _found_smaller(trials: Trials, check: Check, claim: Claim, *, count: int, seed: str) -> bool:
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


def _reduce(trials: Trials, claim: Claim) -> None:
    """Look for a smaller case than the one that failed last."""
    assert trials.failed is not None
    failure, case = trials.failed.failure, trials.failed.case
    row = failure.evidence.row if isinstance(failure, Refuted) else 0
    reduced(
        case,
        row,
        trials.fails,
        fewest_classes=claim.fewest_classes,
        largest_logit=claim.implementation.domain.largest_logit,
    )


def _searched(trials: Trials, check: Check, claim: Claim, settings: SearchSettings) -> _Tried:
    """Try the cases that Hypothesis draws; it shrinks the first that fails."""
    source = f"{settings.seed} {claim.format.name}"
    most = max(other.share for other in CHECKS if other.size == check.size)
    count = max(1, round(settings.cases * most))
    strategy = cases_of(claim, size=check.size)
    assert strategy is not None  # It is None only if `below` is given.
    every = drawn(strategy, count=count, seed=source)
    cases = _part(every, check.share / most)
    for number, tried in enumerate(cases):
        if trials.fails(tried):
            if trials.died:
                return _Tried(number + 1)
            if not _found_smaller(trials, check, claim, count=len(cases), seed=source):
                search(trials.run, strategy, count=count, seed=source, after=every.index(tried))
            # Hypothesis does not shrink an upstream gradient, nor some batches with ignored rows.
            if trials.logits > _MANY or claim.takes_upstream or claim.loss.ignore_index is not None:
                _reduce(trials, claim)
            later = cases[number:][: round(len(cases) * _SURVEYED) + 1]
            others = [*later, *_surveyed(planned_cases(check, claim, settings))]
            return _Tried(number + 1, cases[max(0, number - _KEPT) : number], others)
    return _Tried(len(cases), cases[-_KEPT:])


def _planned(trials: Trials, check: Check, claim: Claim, settings: SearchSettings) -> _Tried:
    """Try the cases of the plan, and reduce the first that fails."""
    cases = planned_cases(check, claim, settings)
    for number, planned in enumerate(cases):
        if trials.fails(filled(planned)):
            if trials.died:
                return _Tried(number + 1)
            _reduce(trials, claim)
            start = max(0, number - _KEPT)
            passed = [*map(_trimmed, cases[start:number])]
            # What goes wrong in the widest rows only may go wrong in no other case.
            later = _surveyed(cases[number:], widest=planned.classes > LONG)
            others = [*_surveyed(cases[:start]), *later]
            return _Tried(number + 1, passed, others)
    return _Tried(len(cases))


def _plainer(trials: Trials, failure: Refuted, case: Case) -> tuple[Refuted, Case]:
    """Return the wrong row alone, and a plain upstream gradient, where these fail too.

    Hypothesis cannot drop a row that stands before the wrong one.
    """

    def tried(other: Case) -> bool:
        nonlocal failure, case
        smaller = trials.failure(other)
        if isinstance(smaller, Refuted):
            failure, case = smaller, other
        return isinstance(smaller, Refuted)

    tried(case.alone(failure.evidence.row))
    smallest = SmallestCase(case, tried)
    with_plain_upstream(smallest, failure.evidence.row)
    return failure, case


def _plainer_death(claim: Claim, failure: Died, case: Case) -> tuple[Died, Case]:
    """Return a simpler case of at most this size in which the process ends too, if there is one.

    Each death costs a process, so that Hypothesis shrinks no such case. A few cases of zeros are
    tried instead, from small to large.
    """
    fill = PLAIN_NUMBERS[claim.point]
    lengths = {rows for rows in (1, 2, case.rows) if rows <= case.rows}
    fewest = claim.fewest_classes
    widths = {n for n in (fewest, fewest + 1, fewest + 2, case.classes) if n <= case.classes}
    for shape in sorted(product(lengths, widths), key=lambda shape: (prod(shape), shape)):
        plain = plain_case(claim, np.full(shape, fill), "")
        try:
            claim.answer(plain)
        except NotCalled:
            break
        except Died as died:
            return died, plain
        except (Broken, NotSupported):
            continue
    return failure, case


def run_check(claim: Claim, check: Check, settings: SearchSettings) -> Outcome:
    """Run one check on one claim. The same seed tries the same cases and shrinks to the same one.

    First come the cases that Hypothesis draws, which are small, and then those of the plan. All
    checks of a claim with cases of one size try the same ones, or a part of them. So do all
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
    reset_float_environment()  # Loading the implementation may have changed that.
    try:
        return _outcome(claim, check, settings)
    except Broken as failure:  # A case cannot even be made: the subject's class weights fail.
        return Outcome(failure=failure)


def _outcome(claim: Claim, check: Check, settings: SearchSettings) -> Outcome:
    """Return what the check finds."""
    trials = Trials(claim, check)
    tried = _searched(trials, check, claim, settings)
    if trials.failed is None:
        planned = _planned(trials, check, claim, settings)
        passed = *tried.passed, *planned.passed
        tried = _Tried(tried.examples + planned.examples, passed, planned.others)
    worst_rows = trials.worst_rows.settled()
    failing = trials.failed or trials.unsupported
    if failing is None:
        return Outcome(tried.examples, worst_rows)
    failure, case = failing.failure, failing.case
    if isinstance(failure, NotCalled):  # No case shows it.
        return Outcome(tried.examples, worst_rows, failure)
    if isinstance(failure, Died):
        failure, case = _plainer_death(claim, failure, case)
    if not isinstance(failure, Refuted):
        return Outcome(tried.examples, worst_rows, failure, case)
    failure, case = _plainer(trials, failure, case)
    # The smallest case may fit many flaws.
    surveyed = [(other, trials.failure(other)) for other in tried.others]
    more = [found.evidence for _, found in surveyed if isinstance(found, Refuted)]
    right = [other for other, found in surveyed if found is None]
    return Outcome(
        tried.examples,
        worst_rows,
        failure,
        case,
        refutations=(failure.evidence, *more),
        passed=(*tried.passed[-_KEPT:], *right[:: 1 + len(right) // _KEPT]),
    )
