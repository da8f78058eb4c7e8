"""The contract of any numerical function."""

from dataclasses import replace

import numpy as np

from gradcert.checks.accuracy import accuracy
from gradcert.checks.agreement import require_agreement, require_equal_bytes
from gradcert.checks.places import telling_places
from gradcert.checks.shown import with_classes_changed, with_rows_changed
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import Evidence, JudgedRow, Refuted, floats, text
from gradcert.core.failures import shown_as
from gradcert.core.shares import with_ignored_labels
from gradcert_implementations import Array

__all__ = [
    "empty_batch",
    "inputs_unchanged",
    "nan_stays_in_its_row",
    "same_answer_twice",
]


def _form(array: Array) -> dict[str, object]:
    """Return all that a call may change in an array beside its bytes, in words."""
    return {
        "shape": array.shape,
        "strides": array.strides,
        "dtype": array.dtype,
        "flag writeable": array.flags.writeable,
    }


_FORMS = "[(a.shape, a.strides, a.dtype, a.flags.writeable) for a in args]"


def inputs_unchanged(claim: Claim, case: Case) -> list[JudgedRow]:
    """The arguments are the same after the call as before, and the answer is none of them.

    Predicate: equality of the shape, the strides, the dtype and the flag ``writeable`` of every
    argument, byte equality of every argument, and no memory shared with it. Only the former is
    asked of logits that the claim declares as overwritten. It sees no values, so it cannot see the
    all-zero gradient, a sign flip, a scale or noise.
    """
    originals = [array.copy() for array in claim.arguments(case)]
    arguments = [array.copy() for array in originals]
    answer = claim.call(*arguments)
    overwritten = set(claim.names[: int(claim.implementation.domain.overwrites_logits)])
    for name, argument, original in zip(claim.names, arguments, originals, strict=True):
        said = f"the call changed its {name}"
        form = _form(argument)
        for what, before in _form(original).items():
            if form[what] != before:
                how = f"{said}: the {what} is another one"
                raise Refuted(Evidence(case, how, shown_by=(_FORMS, _ASKED, _FORMS)))
        if name in overwritten:
            continue
        if argument.tobytes() != original.tobytes():
            raise Refuted(Evidence(case, said, shown_by=("args", _ASKED, "args")))
        if np.shares_memory(answer, argument):
            raise Refuted(
                Evidence(
                    case,
                    f"the answer lies in the memory of its {name}",
                    shown_by=("[np.shares_memory(f(*args), a) for a in args]",),
                )
            )
    return []


_ASKED = "f(*args)"
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
            shown_by=(f"f(*({with_classes_changed(claim, _END_EXCHANGED)}))", _ASKED),
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
            (f"a := {_ASKED}", _ASKED, turned_around, "a"),
        ),
        ("equal arguments gave another answer the second time", again, (_ASKED, _ASKED)),
        (
            "equal arguments gave another answer after other ones",
            later,
            (_ASKED, _ASKED, turned_around, _ASKED),
        ),
    ):
        require_equal_bytes(case, ours, kept, what=what, shown_by=shown_by)

    retargeted = _with_other_targets(case)
    after_given = claim.answer(retargeted).copy()
    claim.answer(reverse)
    require_equal_bytes(
        retargeted,
        after_given,
        claim.answer(retargeted),
        what="the answer to other targets depends on the call before",
        shown_by=(
            f"f(args[0], *({with_classes_changed(claim, 'a[:, ::-1]', 'args[1:]')}))",
            _ASKED,
            turned_around,
            _ASKED,
        ),
    )

    arrays = [_in_the_middle(array) for array in claim.arguments(reverse)]
    forms = [*map(_form, arrays)]
    fresh = [array.copy() for array in claim.arguments(case)]
    turned_again = claim.call(*arrays).copy()
    if [*map(_form, arrays)] != forms:
        return []  # They cannot be passed again, and ``inputs-unchanged`` refutes that.
    for array, values in zip(arrays, fresh, strict=True):
        np.copyto(array, values)
    renewed = claim.call(*arrays).copy()
    for asked, answer, other, shown in (
        (reverse, turned_again, turned, (_ASKED, _FRESH)),
        (
            case,
            renewed,
            claim.call(*fresh),
            (turned_in_place, _ASKED, turned_in_place, _ASKED, _FRESH),
        ),
        # Fresh arrays may lie where an earlier call had the classes in reverse.
        (case, renewed, kept, (_FRESH, turned_in_place, _ASKED, turned_in_place, _ASKED)),
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


def empty_batch(claim: Claim, case: Case) -> list[JudgedRow]:
    """A batch of no rows has an answer of no rows.

    Predicate: the shape and dtype of the answer for arguments of shape (0, n). There are no values
    in it, so it cannot see the all-zero gradient, a sign flip, a scale or noise.
    """
    with shown_as("for a batch of no rows", f"f(*({with_rows_changed(claim, 'a[:0]')}))"):
        claim.answer(case.of_rows(np.zeros(0, int)))
    return []


_POISONED = 16
"""Numbers of a case that are replaced by NaN, one at a time."""


def nan_stays_in_its_row(claim: Claim, case: Case) -> list[JudgedRow]:
    """NaN in gives NaN out in that row, and nowhere else.

    Predicate: replace one number of the first argument by NaN. Then its row of the answer has a
    NaN, and any other row has one only if it had one before. Each number of a case is tried; if
    there are more than 16, then 16 at most: in rows that are evenly spaced, the class with the
    largest target, and the first class, the last, those around the middle and those beside
    boundaries of blocks of 128 and 1024. For dE/do, where a class without a target does not depend
    on it, only the class with the largest target is tried. A row without targets is not tried,
    because its loss may well be zero. It cannot see an error in values, such as a sign flip, a
    scale or noise.
    """
    before = claim.answer(case)
    had_nan = np.isnan(before).reshape(case.rows, -1).any(axis=1)
    for row, column in telling_places(
        with_ignored_labels(claim.loss, case),
        most=_POISONED,
        labels_only=claim.quantity.needs_target,
    ):
        point = case.point.copy()
        point[row, column] = np.nan
        poisoned = case.at(point)
        with shown_as("for an argument with a NaN", "f(*args)", poisoned):
            answer = claim.answer(poisoned)
        has_nan = np.isnan(answer).reshape(case.rows, -1).any(axis=1)
        expected = had_nan | (np.arange(case.rows) == row)
        for other in np.flatnonzero(has_nan != expected).tolist():
            statement = (
                "a NaN in the row did not reach its answer"
                if other == row
                else f"a NaN in row {row} reached the answer of another row"
            )
            returned = tuple(map(text, floats(answer[other])))
            raise Refuted(Evidence(poisoned, statement, row=other, returned=returned))
    return []
