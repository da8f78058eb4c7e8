"""Whether a flaw fails as a subject fails: the same check, on the same case, in the same way."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice

import numpy as np

from gradcert.checks import Check
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import Evidence, Refuted, floats
from gradcert.core.failures import Broken, NotSupported
from gradcert.core.stored import LOGITS_OF
from gradcert.diagnosis.rounding import is_right, is_rounding, lost_in_exponents
from gradcert.generation.masks import HIDING
from gradcert.generation.plain import plain_case
from gradcert_implementations import (
    Array,
    Domain,
    Flaw,
    FlawKind,
    Function,
    Layout,
    QuantityName,
    load,
)
from gradcert_implementations.lifted import lifted
from gradcert_oracle import (
    FORMATS,
    Format,
    Question,
)

__all__ = [
    "fails",
    "fails_at_first_only",
    "fails_in_the_same_way",
    "failure_on",
    "in_place_of",
    "of_second_backward",
]

_NOTHING: Array = np.zeros(1)

_STATEFUL = {FlawKind.CALL, FlawKind.MEMORY, FlawKind.SIDE_EFFECT}

_ROWS = 4
"""Wrong rows of a case that are compared."""


def _settle(claim: Claim) -> None:
    """Call the claim on a case of its own, which puts a stateful subject into a known state.

    Of the flaws only those have a state that are about memory or about calls.
    """
    subject = claim.implementation
    if isinstance(subject, Flaw) and subject.kind not in _STATEFUL:
        return
    with suppress(Broken, NotSupported):
        claim.answer(plain_case(claim, np.ones((1, claim.fewest_classes)), "plain"))


def _failure(claim: Claim, check: Check, case: Case) -> Refuted | Broken | NotSupported | None:
    """Run a check on a case, between calls on another one, and return why it fails.

    A check that does not apply does not fail: a flaw may have no second backward.
    """
    if not check.applies(claim):
        return None
    if np.isnan(case.point).any():
        point = case.point.copy()
        point[np.isnan(point)] = 1
        case = case.at(point)
    _settle(claim)
    try:
        check.run(claim, case)
    except (Refuted, Broken, NotSupported) as failure:
        return failure
    finally:
        _settle(claim)
    return None


def failure_on(claim: Claim, check: Check, case: Case) -> Evidence | Broken | NotSupported | None:
    """Run a check on a case, and return why it fails; None if it passes.

    The claim is called on another case before and after, so that the verdict does not depend on
    what a stateful subject was asked earlier, nor a later certificate of a flaw on this diagnosis.
    A NaN in the case was put there by the check. It is replaced here, and the check puts it back.
    """
    failure = _failure(claim, check, case)
    return failure.evidence if isinstance(failure, Refuted) else failure


def fails(claim: Claim, check: Check, case: Case) -> bool:
    """Return whether a check fails on a case, as `failure_on` runs it, without the evidence."""
    return _failure(claim, check, case) is not None


def _in_format(question: Question, format: Format) -> Question:
    parts = tuple(replace(part, format=format) for part in question.parts)
    return replace(question, format=format, parts=parts)


def _ulps(values: Array, format: Format) -> Array:
    """Return one unit in the last place of each value."""
    ulps: Array = np.ldexp(1.0, np.frexp(values)[1] - format.precision)
    return np.maximum(ulps, format.smallest_subnormal)


def _agree(
    flaw: Flaw, question: Question, ours: Sequence[float], theirs: Sequence[float], lost: Array
) -> bool:
    """Return whether an answer differs from that of a flaw by no more than rounding.

    Predicate: NaN and infinities at the same places; elsewhere, for some textbook algorithm, ``|v -
    w| <= 2 (b + ulp + e + lost)``, where `lost` is what rounding costs the flaw itself, all in the
    format of the question or in the narrower one that the flaw rounds to. Two
    roundings of the value itself are added to the budget, and e for the rounding of the exponent,
    because a flaw's values may be larger than those that the algorithm is about. If every algorithm
    is void on the row, or the question holds a NaN, its budgets are zero. Values in a narrower
    format must be numbers of that format. Nothing is proved here, so binary64 is exact enough.
    """
    if flaw.rounds_to:
        question = _in_format(question, FORMATS[flaw.rounds_to])
    a, b = np.array(ours), np.array(theirs)
    finite = np.isfinite(a)
    if (
        not np.array_equal(a[~finite], b[~finite], equal_nan=True)
        or not np.isfinite(b[finite]).all()
    ):
        return False
    a, b = np.where(finite, a, 0.0), np.where(finite, b, 0.0)
    with np.errstate(over="ignore"):
        if (a.astype(question.format.dtype).astype(np.float64) != a).any():
            return False
        differences = np.abs(a - b)
    # A flaw of an option, or of the upstream gradient, may leave out what makes values small.
    exponents = lost_in_exponents(question, len(b), whole=bool(flaw.own) or flaw.takes_upstream)
    rounding = _ulps(b, question.format) + exponents + lost
    return is_rounding(question, differences, rounding)


def _of_stored(flaw: Flaw, stored: str) -> Mapping[QuantityName, Function]:
    """Return a flaw's functions, called with what a forward stores in place of the logits."""
    if stored not in LOGITS_OF:
        return flaw.functions

    def called(function: Function) -> Function:
        return lambda first, *others: function(LOGITS_OF[stored](first), *others)

    return {quantity: called(function) for quantity, function in flaw.functions.items()}


def in_place_of(claim: Claim, flaw: Flaw, check: Check) -> Claim:
    """Return the claim with a flaw as its implementation, as it is made under the claim's loss.

    Where true values matter in a format that the flaw is not about, its formula is computed in
    binary32 and rounded, because what it loses to the format itself is not part of the flaw.
    """
    dtype = claim.format.dtype
    if claim.loss != flaw.loss or claim.takes_upstream != flaw.takes_upstream:
        domain = flaw.domain if claim.loss == flaw.loss else claim.implementation.domain
        flaw = lifted(flaw, claim.loss, domain, takes_upstream=claim.takes_upstream)
    if claim.implementation.takes_outputs:
        flaw = replace(flaw, functions=_of_stored(flaw, claim.quantity.arguments[0]))
    if claim.format.name in flaw.formats or not check.against_truth:
        return replace(claim, implementation=flaw)

    def rounded(function: Function) -> Function:
        return lambda *arguments: function(*(a.astype(np.float32) for a in arguments)).astype(dtype)

    functions = {quantity: rounded(function) for quantity, function in flaw.functions.items()}
    return replace(claim, implementation=replace(flaw, functions=functions))


_USUAL_LOGIT = Domain().largest_logit
"""The largest logit that most flaws are about."""


def _is_about(flaw: Flaw, claim: Claim, case: Case) -> bool:
    """Return whether a flaw is about the layout of a claim, and about logits as large as a case's.

    Most flaws are about rows in any layout, and about logits of any size. What hides a class is no
    logit.
    """
    point = case.point.astype(np.float64)
    largest = float(np.abs(point[np.isfinite(point) & (point > -HIDING)]).max(initial=0.0))
    layouts = Layout.ROWS, claim.implementation.domain.layout
    return flaw.domain.layout in layouts and (
        flaw.domain.largest_logit >= min(_USUAL_LOGIT, largest)
    )


def of_second_backward(claim: Claim) -> Claim:
    """Return the claim whose function is the second backward, or the claim if it has none.

    Then each backward of it has the same answer.
    """
    subject = claim.implementation
    if subject.second_backward is None:
        return claim
    functions: dict[str, Function] = {claim.quantity.name: subject.second_backward}
    return replace(claim, implementation=replace(subject, functions=functions))  # type: ignore[arg-type]


_ROUNDING = 1 / 8
"""More than this part of a value is no matter of rounding."""


def _lost(accused: Claim, case: Case, answer: Array, row: int) -> Array:
    """Return how far each value of a flaw's answer is from that in a wider format."""
    binary64 = accused.format.precision >= FORMATS["binary64"].precision
    wider = np.longdouble if binary64 else np.float64
    arguments = (array.astype(wider) for array in accused.arguments(case))
    try:
        with np.errstate(all="ignore"):
            wide = np.atleast_1d(accused.function(*arguments))[row]
            ours = answer[row].astype(wider)
            lost: Array = np.minimum(np.abs(wide - ours), np.abs(ours) * _ROUNDING).astype(
                np.float64
            )
    except Exception:  # noqa: BLE001 - a flaw may refuse the wider format in any way.
        return _NOTHING
    return np.where(np.isfinite(lost), lost, 0.0).ravel()


def _answer(accused: Claim, case: Case) -> "Array | None":
    """Return the answer of a flaw in a known state, or None if it has none."""
    _settle(accused)
    try:
        return accused.answer(case).copy()  # The next call may overwrite it.
    except (Broken, NotSupported):
        return None
    finally:
        _settle(accused)


def _answers_in_the_same_way(
    accused: Claim, flaw: Flaw, evidence: Evidence, others: Mapping[int, Sequence[float]]
) -> bool:
    """Return whether a flaw is wrong in the refuting row, and its values agree in all rows.

    The values of others are those of a first backward. Evidence may have those of a second one.
    """
    case, row = evidence.case, evidence.row
    examined = of_second_backward(accused) if evidence.second_backward else accused
    answer = _answer(examined, case)
    first = answer if examined is accused or not others else _answer(accused, case)
    if answer is None or first is None:
        return False

    def agrees(claim: Claim, answer: Array, row: int, ours: Sequence[float]) -> bool:
        asked, theirs = claim.question(case, row), floats(answer[row])
        if _agree(flaw, asked, ours, theirs, _NOTHING):
            return True
        most = np.abs(np.nan_to_num(theirs, posinf=0, neginf=0)) * _ROUNDING
        return _agree(flaw, asked, ours, theirs, most) and _agree(
            flaw, asked, ours, theirs, _lost(claim, case, answer, row)
        )

    return (
        agrees(examined, answer, row, list(map(float, evidence.returned)))
        and all(agrees(accused, first, *one) for one in islice(others.items(), _ROWS))
        and not is_right(examined, examined.question(case, row), floats(answer[row]))
    )


def _differs_by_rounding(accused: Claim, flaw: Flaw, evidence: Evidence) -> bool:
    """Return whether two answers that should agree are both that of a flaw, but for rounding.

    The flaw is wrong in that row: what is rounding of its values is more than rounding of true
    ones, if these are much smaller.
    """
    if evidence.expected_is != "other" or evidence.second_backward:
        return False
    case, row = evidence.case, evidence.row
    answer = _answer(accused, case)
    both = [list(map(float, shown)) for shown in (evidence.returned, evidence.expected)]
    if answer is None or any(len(shown) != answer[row].size for shown in both):
        return False
    question, theirs = accused.question(case, row), floats(answer[row])
    agree = all(_agree(flaw, question, ours, theirs, _NOTHING) for ours in both)
    return agree and not is_right(accused, question, theirs)


def fails_at_first_only(flaw: Flaw, claim: Claim, check: Check, evidence: Evidence) -> bool:
    """Return whether a flaw in its first state fails a check in the same row, and passes it then.

    What first calls return may be anything, so no values are compared.
    """
    fresh = load(flaw.name)
    assert isinstance(fresh, Flaw)
    accused = in_place_of(claim, fresh, check)
    try:
        check.run(accused, evidence.case)
    except Refuted as refuted:
        return refuted.evidence.row == evidence.row and not fails(accused, check, evidence.case)
    except (Broken, NotSupported):
        pass
    return False


def fails_in_the_same_way(
    flaw: Flaw,
    claim: Claim,
    check: Check,
    evidence: Evidence,
    others: Mapping[int, Sequence[float]],
) -> bool:
    """Return whether a flaw, in the place of a claim's implementation, fails in the same way.

    Predicate: where values were compared with true ones, the flaw is wrong in the same row, and its
    values agree there and in some other wrong rows, whose values `others` has. Elsewhere the same
    check refutes it in the same row; with the same statement, unless that is about one value, or
    with the same Python to show it where a call leaves traces; with values that agree, if there are
    any. Two answers that should agree may also both be the flaw's wrong one, but for rounding. A
    row that a level explains, worse than the one claimed, shows no flaw. A second backward is
    compared with that of the flaw. Most flaws have none of their own, and do the same in each:
    where no row of the first one is wrong, it shows none of these. A flaw is not compared on values
    of a format wider than those it is known in. There it may be no flaw, or lose only what the way
    through a narrower format loses. A flaw of another layout than rows explains only claims of that
    layout, and a flaw that is about smaller logits than most explains no larger ones.
    """
    if not _is_about(flaw, claim, evidence.case):
        return False
    if evidence.second_backward and flaw.again is None and not others:
        return False
    widest = max(FORMATS[name].precision for name in flaw.formats)
    if evidence.level or (evidence.returned and claim.format.precision > widest):
        return False
    accused = in_place_of(claim, flaw, check)
    if check.against_truth and evidence.returned:
        return _answers_in_the_same_way(accused, flaw, evidence, others)
    other = failure_on(accused, check, evidence.case)
    if not isinstance(other, Evidence) or evidence.row != other.row:
        return _differs_by_rounding(accused, flaw, evidence)
    if len(evidence.returned) != len(other.returned):
        return False
    if (evidence.index is None) != (other.index is None):
        return False
    if check.leaves_traces:
        return evidence.shown_by == other.shown_by
    if evidence.index is None and evidence.statement != other.statement:
        return False
    if not evidence.returned:
        return True
    question = claim.question(evidence.case, evidence.row)

    def agree(ours: Sequence[str], theirs: Sequence[str]) -> bool:
        return _agree(flaw, question, list(map(float, ours)), list(map(float, theirs)), _NOTHING)

    return agree(evidence.returned, other.returned) and (
        evidence.expected_is == "true" or agree(evidence.expected, other.expected)
    )
