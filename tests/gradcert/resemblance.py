"""Whether two implementations fail alike: the same check, on the same case, in the same way."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from math import copysign, isfinite, isinf

import numpy as np
from flint import arb

from gradcert.cases import Broken, Case, Claim, NotSupported
from gradcert.checks import Check, Evidence, Refuted
from gradcert.checks.evidence import errors, explained
from gradcert_implementations import Flaw, Function
from gradcert_oracle import FORMATS, Algorithm, Format, OracleError, Row, budgets

__all__ = ["fails_alike", "outcome_of"]


def outcome_of(claim: Claim, check: Check, case: Case) -> Evidence | Broken | NotSupported | None:
    """Run a check after a call on something else, and return why it fails; None if it passes.

    Subjects that remember a call begin alike so. A NaN in the case is the check's own, which puts
    one there again, after the places before it.
    """
    if np.isnan(case.first).any():
        first = case.first.copy()
        first[np.isnan(first)] = 1
        case = replace(case, first=first)
    one = np.ones((1, 1), claim.format.dtype)
    with suppress(Broken, NotSupported):
        claim.answer(one, one)
    try:
        check.run(claim, case)
    except Refuted as refuted:
        return refuted.evidence
    except (Broken, NotSupported) as failure:
        return failure
    return None


def _kind(value: float) -> float:
    """Return zero for a finite value, and what tells NaN and the infinities apart."""
    return 0.0 if isfinite(value) else copysign(1, value) if isinf(value) else 2.0


def _agree(
    claim: Claim, question: tuple[Row, Row], ours: Sequence[str], theirs: Sequence[str], as_: Format
) -> bool:
    """Tell whether two answers to a question differ by no more than rounding in the format `as_`.

    Predicate: NaN and infinities at the same places; elsewhere, for some textbook algorithm,
    ``|v - w| <= 2 (b + ulp)``: two roundings of the value itself come on top of the budget, because
    a flaw's values may be larger than those the algorithm is about. Where every algorithm is void
    on the row, or the question holds a NaN, only those. Values in a narrower format must be numbers
    of that format.
    """
    a, b = [float(v) for v in ours], [float(w) for w in theirs]
    if list(map(_kind, a)) != list(map(_kind, b)):
        return False
    a, b = [[v if isfinite(v) else 0.0 for v in values] for values in (a, b)]
    if as_ is not claim.format:
        with np.errstate(over="ignore"):
            if (np.array(a).astype(as_.dtype).astype(np.float64) != a).any():
                return False
    quantity, first, targets, _ = claim.row(*question)
    has_budget = not any(x != x for x in first)

    def agree_at(places: Sequence[int]) -> bool:
        def allowances(algorithm: Algorithm) -> list[arb]:
            found = has_budget and budgets(quantity, first, targets, as_, algorithm)
            return [(found[j] if found else 0) + as_.ulp(arb(b[j])) for j in places]

        differences = errors([a[j] for j in places], [b[j] for j in places])
        try:
            return explained(claim, differences, allowances).algorithm is not None
        except OracleError:
            return False  # The difference is too near to two budgets to tell.

    farthest = max(range(len(a)), key=lambda j: abs(a[j] - b[j]))
    return agree_at([farthest]) and agree_at(range(len(a)))  # The first is soon told.


def _in_place_of(claim: Claim, flaw: Flaw, evidence: Evidence) -> Claim | None:
    """Return the claim with a flaw as its implementation.

    Where true values are at stake in a format that the flaw is not about, its formula is computed
    in binary32 and rounded: what it loses to the format itself is no part of the flaw. None where
    values are, of whatever kind, in a format wider than those the flaw is known in: there it may
    be no flaw, or lose only what the way through a narrower format loses.
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


def fails_alike(flaw: Flaw, claim: Claim, check: Check, evidence: Evidence) -> bool:
    """Tell whether a flaw, put in the place of a claim's implementation, fails in the same way.

    Predicate: in the same row; with the same statement, unless that is about one value; with values
    that agree, if there are any.
    """
    accused = _in_place_of(claim, flaw, evidence)
    other = outcome_of(accused, check, evidence.case) if accused else None
    if not isinstance(other, Evidence) or (evidence.row, len(evidence.returned)) != (
        other.row,
        len(other.returned),
    ):
        return False
    if evidence.index is None and evidence.statement != other.statement:
        return False
    if not evidence.returned:
        return True
    question = evidence.case.rows()[evidence.row]
    format = FORMATS[flaw.rounds_to] if flaw.rounds_to else claim.format
    return _agree(claim, question, evidence.returned, other.returned, format) and (
        evidence.expected_is == "true"
        or _agree(claim, question, evidence.expected, other.expected, format)
    )
