"""Laws that every right answer keeps, as symptoms of a wrong one.

They are no checks: an answer whose values are all within their budgets keeps them. But the law that
is broken says what kind of mistake it is.
"""

from collections.abc import Callable
from dataclasses import replace
from math import isfinite
from typing import Any

import numpy as np
from flint import arb, ctx

from gradcert.cases import Broken, Case, Claim, NotSupported
from gradcert.checks.evidence import errors, explained, floats
from gradcert_oracle import Algorithm, budgets

__all__ = ["broken_laws", "permutation", "shift", "sum_to_zero"]


def _alike(claim: Claim, case: Case, other: Case, *, backwards: bool = False) -> bool:
    """Tell whether the answers to two cases agree, each within its own budgets."""
    ours, theirs = (claim.answer(asked.first, asked.targets) for asked in (case, other))
    for row, (one, two) in enumerate(zip(case.rows(), other.rows(), strict=True)):

        def allowances(
            algorithm: Algorithm, questions: tuple[Any, ...] = (one, two)
        ) -> list[arb] | None:
            b, c = (budgets(*claim.row(*question), algorithm) for question in questions)
            if b is None or c is None:
                return None
            return [x + y for x, y in zip(b, c[::-1] if backwards else c, strict=True)]

        values = floats(theirs[row])
        pairs = zip(floats(ours[row]), values[::-1] if backwards else values, strict=True)
        # What is no number in both answers is alike.
        alike = [(v, w) if isfinite(v) or isfinite(w) else (0.0, 0.0) for v, w in pairs]
        differences = errors([v for v, _ in alike], [w for _, w in alike])
        if explained(claim, differences, allowances).algorithm is None:
            return False
    return True


def sum_to_zero(claim: Claim, case: Case) -> bool:
    """Tell whether each row of the gradient sums to zero, ``|sum_j g_j| <= 2 sum_j b_j``.

    It does for any targets: the sum over j of ``o_j T - t_j`` is ``T - T``.
    """
    answer = claim.answer(case.first, case.targets)
    for row, question in enumerate(case.rows()):
        if not all(map(isfinite, floats(answer[row]))):
            continue
        with ctx.workprec(2400):  # The sum of binary64 numbers of any size is exact.
            total = sum(map(arb, floats(answer[row])), arb(0))

        def allowances(
            algorithm: Algorithm, question: tuple[Any, ...] = question
        ) -> list[arb] | None:
            found = budgets(*claim.row(*question), algorithm)
            return None if found is None else [sum(found, arb(0))]

        if explained(claim, [abs(total)], allowances).algorithm is None:
            return False
    return True


def shift(claim: Claim, case: Case) -> bool:
    """Tell whether one more on every logit leaves the answer as it is, where z + 1 is exact."""
    first = case.first.astype(np.float64)
    moved = (first + 1).astype(claim.format.dtype)
    if not np.array_equal(moved.astype(np.float64) - 1, first):
        return True
    return _alike(claim, case, replace(case, first=moved))


def permutation(claim: Claim, case: Case) -> bool:
    """Tell whether the classes backwards give the answer backwards."""
    first, targets = case.first[:, ::-1], case.targets[:, ::-1]
    return _alike(claim, case, replace(case, first=first, targets=targets), backwards=True)


_LAWS: tuple[tuple[Callable[[Claim, Case], bool], tuple[str, ...], str], ...] = (
    (sum_to_zero, ("dE/dz",), "a row of the gradient does not sum to zero"),
    (shift, ("softmax", "loss", "do/dz", "dE/dz"), "a common shift of the logits changes it"),
    (permutation, ("softmax", "loss", "do/dz", "dE/do", "dE/dz"), "the order of classes matters"),
)


def broken_laws(claim: Claim, cases: list[Case]) -> list[str]:
    """Return what is wrong with the answers to these cases, as the laws tell it."""

    def breaks(law: Callable[[Claim, Case], bool], case: Case) -> bool:
        try:
            return not law(claim, case)
        except (Broken, NotSupported):
            return False

    of_softmax = claim.implementation.loss.output == "softmax"
    return [
        statement
        for law, quantities, statement in _LAWS
        if (of_softmax or law is permutation)
        and claim.quantity in quantities
        and any(breaks(law, case) for case in cases)
    ]
