"""Whether a flaw fails as a subject fails: the same check, on the same case, in the same way."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from math import copysign, isfinite, isinf

import numpy as np
from flint import arb

from gradcert.checks import Check
from gradcert.core.case import Case
from gradcert.core.claim import Broken, Claim, NotSupported
from gradcert.core.evidence import Evidence, Refuted, errors, judge_exactly
from gradcert.generation.plain import plain_case
from gradcert_implementations import Flaw, Function
from gradcert_oracle import FORMATS, Algorithm, Format, OracleError, Question, budgets

__all__ = ["fails_in_the_same_way", "failure_on"]


def _settle(claim: Claim) -> None:
    """Call the claim on a case of its own, which puts a stateful subject into a known state."""
    with suppress(Broken, NotSupported):
        claim.answer(plain_case(claim, np.ones((1, 1)), "plain"))


def failure_on(claim: Claim, check: Check, case: Case) -> Evidence | Broken | NotSupported | None:
    """Run a check on a case, and return why it fails; None if it passes.

    The claim is called on another case before and after, so that the verdict does not depend on
    what a stateful subject was asked earlier, nor a later certificate of a flaw on this diagnosis.
    A NaN in the case was put there by the check. It is replaced here, and the check puts it back.
    """
    if np.isnan(case.point).any():
        point = case.point.copy()
        point[np.isnan(point)] = 1
        case = case.at(point)
    _settle(claim)
    try:
        check.run(claim, case)
    except Refuted as refuted:
        return refuted.evidence
    except (Broken, NotSupported) as failure:
        return failure
    finally:
        _settle(claim)
    return None


def _kind(value: float) -> float:
    """Return zero for a finite value, and a number of its own for NaN and for each infinity."""
    return 0.0 if isfinite(value) else copysign(1, value) if isinf(value) else 2.0


def _agree(
    claim: Claim, question: Question, ours: Sequence[str], theirs: Sequence[str], as_: Format
) -> bool:
    """Return whether two answers differ by no more than rounding in the format `as_`.

    Predicate: NaN and infinities at the same places; elsewhere, for some textbook algorithm,
    ``|v - w| <= 2 (b + ulp)``. Two roundings of the value itself are added to the budget, because
    a flaw's values may be larger than those that the algorithm is about. If every algorithm is void
    on the row, or the question holds a NaN, only these two are allowed. Values in a narrower format
    must be numbers of that format.
    """
    a, b = [float(v) for v in ours], [float(w) for w in theirs]
    if list(map(_kind, a)) != list(map(_kind, b)):
        return False
    a, b = [[v if isfinite(v) else 0.0 for v in values] for values in (a, b)]
    if as_ is not claim.format:
        with np.errstate(over="ignore"):
            if (np.array(a).astype(as_.dtype).astype(np.float64) != a).any():
                return False
    asked = replace(question, format=as_)
    has_budget = not any(x != x for x in question.rows[0])

    def agree_at(places: Sequence[int]) -> bool:
        def allowances(algorithm: Algorithm) -> list[arb]:
            found = has_budget and budgets(asked, algorithm)
            return [(found[j] if found else 0) + as_.ulp(arb(b[j])) for j in places]

        differences = errors([a[j] for j in places], [b[j] for j in places])
        try:
            return judge_exactly(claim, differences, allowances).algorithm is not None
        except OracleError:
            return False  # The difference is too near to two budgets to decide.

    farthest = max(range(len(a)), key=lambda j: abs(a[j] - b[j]))
    return agree_at([farthest]) and agree_at(range(len(a)))  # The first is quick.


def _in_place_of(claim: Claim, flaw: Flaw, evidence: Evidence) -> Claim | None:
    """Return the claim with a flaw as its implementation; None where the flaw cannot be compared.

    Where true values matter in a format that the flaw is not about, its formula is computed in
    binary32 and rounded, because what it loses to the format itself is not part of the flaw. A flaw
    is not compared on values of a format wider than those it is known in. There it may be no flaw,
    or lose only what the way through a narrower format loses.
    """
    dtype = claim.format.dtype
    widest = max(FORMATS[name].precision for name in flaw.formats)
    if evidence.returned and claim.format.precision > widest:
        return None
    if claim.format.name in flaw.formats or not evidence.enclosure:
        return replace(claim, implementation=flaw)

    def rounded(function: Function) -> Function:
        return lambda *arguments: function(*(a.astype(np.float32) for a in arguments)).astype(dtype)

    functions = {quantity: rounded(function) for quantity, function in flaw.functions.items()}
    return replace(claim, implementation=replace(flaw, functions=functions))


def fails_in_the_same_way(flaw: Flaw, claim: Claim, check: Check, evidence: Evidence) -> bool:
    """Return whether a flaw, in the place of a claim's implementation, fails in the same way.

    Predicate: in the same row; with the same statement, unless that is about one value; with values
    that agree, if there are any. A row that a level explains, worse than the one claimed, shows no
    flaw.
    """
    if evidence.level:
        return False
    accused = _in_place_of(claim, flaw, evidence)
    other = failure_on(accused, check, evidence.case) if accused else None
    if not isinstance(other, Evidence) or (evidence.row, len(evidence.returned)) != (
        other.row,
        len(other.returned),
    ):
        return False
    if evidence.index is None and evidence.statement != other.statement:
        return False
    if not evidence.returned:
        return True
    question = claim.question(evidence.case, evidence.row)
    format = FORMATS[flaw.rounds_to] if flaw.rounds_to else claim.format
    return _agree(claim, question, evidence.returned, other.returned, format) and (
        evidence.expected_is == "true"
        or _agree(claim, question, evidence.expected, other.expected, format)
    )
