"""What calls before a call change of its answer: nothing."""

from dataclasses import replace

import numpy as np

from gradcert.checks.accuracy import accuracy
from gradcert.checks.agreement import require_agreement, require_equal_bytes
from gradcert.checks.contract import form_of
from gradcert.checks.shown import ASKED, with_classes_changed
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import JudgedRow, Refuted
from gradcert_implementations import Array

__all__ = ["same_answer_twice"]

_FRESH = "f(*map(np.copy, args))"


def _in_the_middle(array: Array) -> Array:
    """Return a copy in the middle of a larger buffer, where no array of an earlier call began.

    It is aligned to 16 bytes, as numpy's arrays are.
    """
    ahead = 16
    buffer = np.zeros(ahead + array.size + ahead, array.dtype)
    copy = buffer[ahead : ahead + array.size].reshape(array.shape)
    np.copyto(copy, array)
    return copy


def _reversed(array: Array) -> Array:
    return array[:, ::-1]


def _with_other_targets(case: Case) -> Case:
    """Return the case with a one at each row's largest number for targets, and for v."""
    largest = case.point.argmax(axis=1)[:, np.newaxis] == np.arange(case.classes)
    first, *others = case.arguments
    arguments = {first: case.point, **dict.fromkeys(others, largest.astype(case.point.dtype))}
    return replace(case, arguments=arguments)


_END_EXCHANGED = "np.vstack([a[:-1], a[-1:, [*range(a.shape[1] - 2), -1, -2]]])"


def _end_exchanged(array: Array) -> Array:
    """Return a copy with the last two classes of the last row in the other order."""
    copy = array.copy()
    copy[-1, -2:] = copy[-1, -2:][::-1]
    return copy


def _is_right(claim: Claim, case: Case) -> bool:
    try:
        accuracy(claim, case)
    except Refuted:
        return False
    return True


def _require_no_stale_answer(claim: Claim, case: Case, answer: Array) -> None:
    """Refute a claim that answers a case as one that differs at its end, if only that is right."""
    exchanged = case.map(_end_exchanged)
    if claim.answer(exchanged).tobytes() != answer.tobytes() or not _is_right(claim, case):
        return
    try:
        accuracy(claim, exchanged)
    except Refuted as refuted:
        evidence = replace(
            refuted.evidence,
            statement="the answer is that to an earlier call, which had other numbers at the end",
            shown_by=(f"f(*({with_classes_changed(claim, _END_EXCHANGED)}))", ASKED),
        )
        raise Refuted(evidence) from None


def same_answer_twice(claim: Claim, case: Case) -> list[JudgedRow]:
    """Equal arguments have the same answer at every call, and no later call changes it.

    Predicate: byte equality of an answer, a copy of it taken at once, the next answer to the same
    arguments, and the answer after a call with the classes in reverse. And byte
    equality of two answers to other targets beside the same numbers: one right after the given
    targets, and one after the classes in reverse. Then other arrays get the
    classes in reverse and are passed, and the same arrays get the case and are passed again:
    ``|v - w| <= 2 (b + b)`` for every value v of these two answers and w of those for fresh arrays,
    the last and the first of the case. Arrays whose shape or flags a call changes are not passed
    again. Last, the case is passed with the last two classes of its last row exchanged: if that has
    the same answer, byte by byte, and the answer is right for the case, then it is right for this,
    too. It cannot see an error that every call makes: the all-zero
    gradient, a sign flip, a scale.
    """
    reverse = case.map(_reversed)
    turned_around = f"f(*({with_classes_changed(claim, 'a[:, ::-1]')}))"
    turned_in_place = f"[{with_classes_changed(claim, 'np.copyto(a, a[:, ::-1])')}]"
    first = claim.answer(case)
    kept = first.copy()
    again = claim.answer(case).copy()
    turned = claim.answer(reverse).copy()
    first = first.copy()
    later = claim.answer(case).copy()
    for what, ours, shown_by in (
        (
            "a later call changed an answer that was returned before",
            first,
            (f"a := {ASKED}", ASKED, turned_around, "a"),
        ),
        ("equal arguments gave another answer the second time", again, (ASKED, ASKED)),
        (
            "equal arguments gave another answer after other ones",
            later,
            (ASKED, ASKED, turned_around, ASKED),
        ),
    ):
        require_equal_bytes(case, ours, kept, what=what, shown_by=shown_by)

    other_targets = f"f(args[0], *({with_classes_changed(claim, 'a[:, ::-1]', 'args[1:]')}))"
    retargeted = _with_other_targets(case)
    after_given = claim.answer(retargeted).copy()
    claim.answer(reverse)
    require_equal_bytes(
        retargeted,
        after_given,
        claim.answer(retargeted),
        what="the answer to other targets depends on the call before",
        shown_by=(
            f"[{other_targets}, {ASKED}][-1]",
            turned_around,
            ASKED,
        ),
    )

    arrays = [_in_the_middle(array) for array in claim.arguments(reverse)]
    forms = [*map(form_of, arrays)]
    fresh = [array.copy() for array in claim.arguments(case)]
    turned_again = claim.call(*arrays).copy()
    if [*map(form_of, arrays)] != forms:
        return []  # They cannot be passed again, and ``inputs-unchanged`` refutes that.
    for array, values in zip(arrays, fresh, strict=True):
        np.copyto(array, values)
    renewed = claim.call(*arrays).copy()
    for asked, answer, other, shown in (
        (reverse, turned_again, turned, (ASKED, _FRESH)),
        (
            case,
            renewed,
            claim.call(*fresh),
            (f"[{turned_in_place}, {ASKED}, {turned_in_place}, {ASKED}][-1]", _FRESH),
        ),
        # Fresh arrays may lie where an earlier call had the classes in reverse.
        (case, renewed, kept, (_FRESH, turned_in_place, ASKED, turned_in_place, ASKED)),
    ):
        for row in range(len(answer)):
            require_agreement(
                claim,
                asked,
                row,
                ours=answer[row],
                theirs=other[row],
                difference="for fresh arrays with the same numbers",
                shown_by=shown,
            )
    if case.classes > 1:
        _require_no_stale_answer(claim, case, kept)
    return []
