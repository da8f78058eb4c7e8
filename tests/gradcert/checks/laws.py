"""Laws that need no oracle, only budgets: they hold between an implementation's own answers.

Where a law compares two answers, each may be off by two budgets of its own row; the bound is the
sum of what the two may be off. The laws are judged by algorithm as the values are: for each row
there must be a textbook algorithm, not void there, whose budgets cover it.
"""

from collections.abc import Sequence
from math import isfinite

import numpy as np
from flint import arb, ctx

from gradcert.cases import Case, Claim
from gradcert.checks.evidence import Evidence, Judgements, Refuted, errors, explained, text
from gradcert_implementations import Array
from gradcert_oracle import Algorithm, Judgement, Row, budgets

__all__ = ["agreement", "permutation", "row_independence", "shift", "sum_to_zero"]


def _floats(answer: Array) -> list[float]:
    values: list[float] = np.asarray(answer).astype(np.float64).ravel().tolist()
    return values


def agreement(
    claim: Claim,
    case: Case,
    row: int,
    *,
    ours: Array,
    theirs: Array,
    questions: Sequence[tuple[Row, Row]],
    order: Sequence[int] | None = None,
    difference: str,
    shown_by: tuple[str, ...],
) -> Judgement:
    """Judge whether two answers to equal questions agree within the budgets of both.

    Parameters
    ----------
    ours, theirs
        The answers to compare, value by value, for one row.
    questions
        The rows (first, targets) they answer: two, or one for both.
    order
        Which value of the first question's budgets belongs to each of ours, if it was permuted.
    difference
        What was different between the questions, as the end of a sentence.
    shown_by
        See :class:`Evidence`.
    """
    a, b = _floats(ours), _floats(theirs)
    mine, other = claim.row(*questions[0]), claim.row(*questions[-1])

    def allowances(algorithm: Algorithm) -> list[arb] | None:
        one, two = budgets(*mine, algorithm), budgets(*other, algorithm)
        if one is None or two is None:
            return None
        placed = one if order is None else [one[i] for i in order]
        return [x + y for x, y in zip(placed, two, strict=True)]

    judgement = explained(claim, errors(a, b), allowances)
    if judgement.algorithm is None:
        index = judgement.index
        raise Refuted(
            Evidence(
                case,
                f"{claim.quantity} is {text(a[index])}, but {text(b[index])} {difference}",
                row=row,
                index=index,
                returned=tuple(map(text, a)),
                expected=tuple(map(text, b)),
                expected_is="other",
                budgets=judgement.used if isfinite(judgement.used) else None,
                shown_by=shown_by,
            )
        )
    return judgement


def sum_to_zero(claim: Claim, case: Case) -> Judgements:
    """The gradient of each row sums to zero.

    Predicate: ``|sum_j g_j| <= 2 sum_j b_j`` with the exact sum of the returned values. It holds
    for any targets, for the sum over j of ``o_j T - t_j`` is ``T - T``. It cannot see an error that
    sums to zero, a sign flip, a scale or the all-zero gradient among them.
    """
    answer = claim.answer(case.first, case.targets)
    judgements: Judgements = []
    for row, (first, targets) in enumerate(case.rows()):
        with ctx.workprec(2400):
            total = sum(map(arb, _floats(answer[row])), arb(0))

        def allowances(
            algorithm: Algorithm, question: tuple[Row, Row] = (first, targets)
        ) -> list[arb] | None:
            found = budgets(*claim.row(*question), algorithm)
            return None if found is None else [sum(found, arb(0))]

        judgement = explained(claim, [abs(total)], allowances)
        if judgement.algorithm is None:
            raise Refuted(
                Evidence(
                    case,
                    f"the gradient of a row sums to {text(float(total))}, not to zero",
                    row=row,
                    returned=tuple(map(text, _floats(answer[row]))),
                    budgets=judgement.used if isfinite(judgement.used) else None,
                )
            )
        judgements.append((row, judgement))
    return judgements


def shift(claim: Claim, case: Case) -> Judgements:
    """The answer does not change when every logit of a row is shifted by the same number.

    Predicate: ``|v(z + c) - v(z)| <= 2 (b(z + c) + b(z))`` for every value, with logits and c for
    which z + c is exact. It cannot see an error that is a function of the probabilities.
    """
    c = case.number / 4
    shifted = (case.first.astype(np.float64) + c).astype(claim.format.dtype)
    ours = claim.answer(shifted, case.targets)
    theirs = claim.answer(case.first, case.targets)
    moved = Case(shifted, case.targets, case.regimes).rows()
    judgements: Judgements = []
    for row, question in enumerate(case.rows()):
        judgement = agreement(
            claim,
            case,
            row,
            ours=ours[row],
            theirs=theirs[row],
            questions=(moved[row], question),
            difference=f"before all logits were shifted by {c}",
            shown_by=(f"f(args[0] + args[0].dtype.type({c}), *args[1:])", "f(*args)"),
        )
        judgements.append((row, judgement))
    return judgements


def permutation(claim: Claim, case: Case) -> Judgements:
    """Permuting the classes permutes the answer.

    Predicate: ``|v(P z, P t) - P v(z, t)| <= 2 (b(P z, P t) + P b(z, t))`` for every value; the
    loss does not change. It cannot see an error that treats all classes alike.
    """
    classes = case.first.shape[1]
    order = np.random.default_rng(case.number).permutation(classes)
    permuted = Case(case.first[:, order], case.targets[:, order], case.regimes)
    ours = claim.answer(permuted.first, permuted.targets)
    theirs = claim.answer(case.first, case.targets)
    places: Array = np.arange(int(np.prod(ours.shape[1:]))).reshape(ours.shape[1:])
    for axis in range(places.ndim):
        places = places.take(order, axis=axis)
    inverse = np.argsort(places.ravel())
    judgements: Judgements = []
    for row, question in enumerate(case.rows()):
        judgement = agreement(
            claim,
            case,
            row,
            ours=ours[row : row + 1].ravel()[inverse],
            theirs=theirs[row],
            questions=(permuted.rows()[row], question),
            order=inverse.tolist(),
            difference=f"before the classes were put in the order {order.tolist()}",
            shown_by=(f"f(*(a[:, {order.tolist()}] for a in args))", "f(*args)"),
        )
        judgements.append((row, judgement))
    return judgements


def row_independence(claim: Claim, case: Case) -> Judgements:
    """A row's answer does not depend on the other rows of the batch.

    Predicate: ``|v(batch)[i] - v(row i alone)| <= 2 (b + b)`` for every value. It cannot see an
    error that a row makes by itself.
    """
    together = claim.answer(case.first, case.targets)
    judgements: Judgements = []
    for row, question in enumerate(case.rows()):
        one = slice(row, row + 1)
        alone = claim.answer(case.first[one], case.targets[one])
        judgement = agreement(
            claim,
            case,
            row,
            ours=together[row],
            theirs=alone[0],
            questions=(question,),
            difference="for the same row alone",
            shown_by=("f(*args)", f"f(*(a[{row}:{row + 1}] for a in args))"),
        )
        judgements.append((row, judgement))
    return judgements
