"""A flaw that makes its mistake under a condition, and is right elsewhere."""

from dataclasses import replace

import numpy as np

from gradcert.core.case import Case, Regime
from gradcert.core.claim import Claim
from gradcert.diagnosis.where import Condition
from gradcert_implementations import Array, Flaw, Function, load

__all__ = ["under"]


def under(condition: Condition, flaw: Flaw, claim: Claim) -> Flaw:
    """Return a flaw that makes its mistake only in the rows that meet a condition.

    The other rows are those of the built-in ``numpy``, so it is about one quantity of the plain
    loss. If all rows meet the condition, or none does, only one of the two is called, because a
    mistake may lie in what a call does.

    Parameters
    ----------
    condition, flaw
        The condition, and the flaw that makes the mistake.
    claim
        Its quantity is the one that the new flaw computes.
    """
    right = replace(claim, implementation=load("numpy")).function
    wrong = replace(claim, implementation=flaw).function

    def answer(*arguments: Array) -> Array:
        named = dict(zip(claim.names, arguments, strict=True))
        upstream = named.pop("upstream", None)
        case = Case(named, (Regime("conditional"),) * len(arguments[0]), upstream)
        meets = condition.holds(case) if case.rows else np.zeros(0, bool)
        if meets.all() and case.rows:
            return wrong(*arguments)
        if not meets.any():
            return right(*arguments)
        answer = right(*arguments)
        answer[meets] = wrong(*arguments)[meets]
        return answer

    # The first function tells what the input is made of that exposes the flaw.
    functions: dict[str, Function] = {**flaw.functions}  # type: ignore[dict-item]
    functions[claim.quantity.name] = answer
    return replace(flaw, functions=functions)  # type: ignore[arg-type]
