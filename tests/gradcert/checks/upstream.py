"""The upstream gradient: it multiplies, and a graph may be differentiated again."""

from dataclasses import replace

import numpy as np
from flint import arb

from gradcert.checks.accuracy import accuracy
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import (
    AcceptedRows,
    Evidence,
    JudgedRow,
    Refuted,
    floats,
    judge_exactly,
    text,
)
from gradcert.core.evidence import errors as exact_errors
from gradcert.core.failures import Broken
from gradcert_implementations import Function
from gradcert_oracle import Algorithm, budgets

__all__ = ["second_backward", "twice_the_upstream"]


def twice_the_upstream(claim: Claim, case: Case) -> list[JudgedRow]:
    """Twice the upstream gradient has twice the answer.

    Predicate: ``|v(2g) - 2 v(g)| <= 2 (b(2g) + 2 b(g))`` for every value, where b is the budget of
    some textbook algorithm. It sees a backward that leaves its upstream gradient out or takes it
    twice. It cannot see an error that does not depend on it: the all-zero gradient, a sign flip, a
    scale.
    """
    # Twice an array of no axes is a scalar of numpy.
    doubled = replace(case, upstream=np.asarray(2 * claim.upstream(case)))
    once, twice = claim.answer(case).copy(), claim.answer(doubled)
    for row in range(len(once)):
        ours, theirs = floats(twice[row]), [2 * value for value in floats(once[row])]

        def allowances(algorithm: Algorithm, row: int = row) -> list[arb] | None:
            found = (budgets(claim.question(one, row), algorithm) for one in (case, doubled))
            single, double = found
            if single is None or double is None:
                return None
            return [2 * b + c for b, c in zip(single, double, strict=True)]

        judgement = judge_exactly(claim, exact_errors(ours, theirs), allowances)
        if judgement.algorithm is None:
            index = judgement.index
            raise Refuted(
                Evidence(
                    case,
                    f"{claim.quantity.name} is {text(ours[index])} under twice the upstream "
                    f"gradient, and twice what it was is {text(theirs[index])}",
                    row=row,
                    index=index,
                    returned=tuple(map(text, ours)),
                    expected=tuple(map(text, theirs)),
                    expected_is="other",
                    shown_by=("f(*args[:-1], np.asarray(2 * args[-1]))", "2 * f(*args)"),
                )
            )
    return []


def second_backward(claim: Claim, case: Case) -> list[JudgedRow | AcceptedRows]:
    """A second backward of the same graph has a right answer too.

    Predicate: that of ``accuracy``, for the answer of the second backward. A subject may refuse it
    in words, and it is not asked of one that overwrites its logits.
    """
    function = claim.implementation.second_backward
    assert function is not None
    functions: dict[str, Function] = {claim.quantity.name: function}
    again = replace(claim.implementation, functions=functions)  # type: ignore[arg-type]
    try:
        return accuracy(replace(claim, implementation=again), case)
    except Broken as broken:
        broken.second_backward = True
        raise
    except Refuted as refuted:
        evidence = refuted.evidence
        raise Refuted(lambda: replace(evidence, second_backward=True)) from refuted
