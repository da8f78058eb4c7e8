"""Invariants of every right answer, as symptoms of a wrong one.

They are not checks: an answer whose values are all within their budgets keeps them. But a broken
invariant says what kind of mistake it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

import numpy as np
from flint import arb, ctx

from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import errors, floats, judge_exactly
from gradcert.core.failures import Broken, NotSupported
from gradcert_oracle import GRADIENT, Algorithm, Question, budgets

__all__ = ["broken_invariants", "permutation", "shift", "sum_to_zero"]


def _same(claim: Claim, case: Case, other: Case, *, backwards: bool = False) -> bool:
    """Return whether the answers to two cases agree, each within its own budgets."""
    ours, theirs = claim.answer(case), claim.answer(other)
    pairs = zip(claim.questions(case), claim.questions(other), strict=True)
    for row, (one, two) in enumerate(pairs):

        def allowances(
            algorithm: Algorithm, questions: tuple[Question, Question] = (one, two)
        ) -> list[arb] | None:
            b, c = (budgets(question, algorithm) for question in questions)
            if b is None or c is None:
                return None
            return [x + y for x, y in zip(b, c[::-1] if backwards else c, strict=True)]

        values = floats(theirs[row])
        both = zip(floats(ours[row]), values[::-1] if backwards else values, strict=True)
        # A place that is not finite in both answers agrees.
        compared = [(v, w) if isfinite(v) or isfinite(w) else (0.0, 0.0) for v, w in both]
        differences = errors([v for v, _ in compared], [w for _, w in compared])
        if judge_exactly(claim, differences, allowances).algorithm is None:
            return False
    return True


def sum_to_zero(claim: Claim, case: Case) -> bool:
    """Return whether each row of the gradient sums to zero, ``|sum_j g_j| <= 2 sum_j b_j``.

    It does for any targets: the sum over j of ``o_j T - t_j`` is ``T - T``.
    """
    answer = claim.answer(case)
    for row, asked in enumerate(claim.questions(case)):
        if not all(map(isfinite, floats(answer[row]))):
            continue
        with ctx.workprec(2400):  # The sum of binary64 numbers of any size is exact.
            total = sum(map(arb, floats(answer[row])), arb(0))

        def allowances(algorithm: Algorithm, question: Question = asked) -> list[arb] | None:
            found = budgets(question, algorithm)
            return None if found is None else [sum(found, arb(0))]

        if judge_exactly(claim, [abs(total)], allowances).algorithm is None:
            return False
    return True


def shift(claim: Claim, case: Case) -> bool:
    """Return whether adding one to every logit changes nothing, where z + 1 is exact."""
    point = case.point.astype(np.float64)
    moved = (point + 1).astype(claim.format.dtype)
    if not np.array_equal(moved.astype(np.float64) - 1, point):
        return True
    return _same(claim, case, case.at(moved))


def permutation(claim: Claim, case: Case) -> bool:
    """Return whether the classes backwards give the answer backwards, where no class is ignored."""
    if claim.loss.ignore_index in range(case.classes):
        return True
    return _same(claim, case, case.map(lambda array: array[:, ::-1]), backwards=True)


@dataclass(frozen=True)
class _Invariant:
    """What holds of a right answer, the claims it applies to, and what its failure means."""

    holds: Callable[[Claim, Case], bool]
    applies: Callable[[Claim], bool]
    failure: str


def _takes_differences(claim: Claim) -> bool:
    """Return whether the loss depends on the differences of the logits only."""
    return claim.loss.softcap is None and not claim.loss.z_loss


_INVARIANTS = (
    _Invariant(
        sum_to_zero,
        lambda claim: claim.quantity is GRADIENT and _takes_differences(claim),
        "a row of the gradient does not sum to zero",
    ),
    _Invariant(
        shift,
        lambda claim: claim.quantity.shift_invariant and _takes_differences(claim),
        "a common shift of the logits changes the answer",
    ),
    _Invariant(
        permutation,
        lambda claim: claim.loss.class_weights is None,
        "the order of classes matters",
    ),
)


def broken_invariants(claim: Claim, cases: list[Case]) -> list[str]:
    """Return what is wrong with the answers to these cases, for each broken invariant."""

    def breaks(invariant: _Invariant, case: Case) -> bool:
        try:
            return not invariant.holds(claim, case)
        except (Broken, NotSupported):
            return False

    return [
        invariant.failure
        for invariant in _INVARIANTS
        if invariant.applies(claim) and any(breaks(invariant, case) for case in cases)
    ]
