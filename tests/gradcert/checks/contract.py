"""The contract of any numerical function."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradcert.checks.batches import agreement
from gradcert.core.case import Case
from gradcert.core.claim import Claim, shown_as
from gradcert.core.evidence import Evidence, JudgedRow, Refuted, floats, text
from gradcert_implementations import Array

__all__ = [
    "empty_batch",
    "inputs_unchanged",
    "memory_layout",
    "nan_stays_in_its_row",
    "same_answer_twice",
]


def inputs_unchanged(claim: Claim, case: Case) -> list[JudgedRow]:
    """The arguments hold the same bytes after the call as before, and the answer is none of them.

    Predicate: byte equality of every argument, and no memory shared with it. It sees no values, so
    it cannot see the all-zero gradient, a sign flip, a scale or noise.
    """
    originals = claim.arguments(case)
    arguments = [array.copy() for array in originals]
    answer = claim.call(*arguments)
    for name, argument, original in zip(
        claim.quantity.arguments, arguments, originals, strict=True
    ):
        if argument.tobytes() != original.tobytes():
            raise Refuted(
                Evidence(
                    case,
                    f"the call changed its {name}",
                    shown_by=("args", "f(*args)", "args"),
                )
            )
        if np.shares_memory(answer, argument):
            raise Refuted(
                Evidence(
                    case,
                    f"the answer lies in the memory of its {name}",
                    shown_by=("[np.shares_memory(f(*args), a) for a in args]",),
                )
            )
    return []


def same_answer_twice(claim: Claim, case: Case) -> list[JudgedRow]:
    """Calls with equal arguments return the same bytes, and no later call changes them.

    Predicate: byte equality of an answer, a copy of it taken at once, the next answer to the same
    arguments, and the answer after a call with the classes in reverse. It cannot see an error that
    every call makes: the all-zero gradient, a sign flip, a scale.
    """
    first = claim.answer(case)
    kept = first.copy()
    again = claim.answer(case).copy()
    claim.answer(case.map(lambda array: array[:, ::-1]))
    first = first.copy()
    later = claim.answer(case).copy()
    asked, reverse = "f(*args)", "f(*(x[:, ::-1] for x in args))"
    for what, other, shown_by in (
        (
            "a later call changed an answer that was returned before",
            first,
            (f"a := {asked}", asked, reverse, "a"),
        ),
        ("equal arguments gave another answer the second time", again, (asked, asked)),
        (
            "equal arguments gave another answer after other ones",
            later,
            (asked, asked, reverse, asked),
        ),
    ):
        if other.tobytes() == kept.tobytes():
            continue
        row = next(i for i, values in enumerate(other) if values.tobytes() != kept[i].tobytes())
        raise Refuted(
            Evidence(
                case,
                what,
                row=row,
                returned=tuple(map(text, floats(other[row]))),
                expected=tuple(map(text, floats(kept[row]))),
                expected_is="other",
                shown_by=shown_by,
            )
        )
    return []


@dataclass(frozen=True)
class _Layout:
    """A memory layout: its name, what makes it, and the Python that does so in a snippet."""

    name: str
    relaid: Callable[[Array], Array]
    expression: str


_LAYOUTS = (
    _Layout(
        "read-only",
        lambda a: np.broadcast_to(a, a.shape),
        "f(*(np.broadcast_to(a, a.shape) for a in args))",
    ),
    _Layout(
        "non-contiguous",
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        "f(*(np.repeat(a, 2, axis=1)[:, ::2] for a in args))",
    ),
    _Layout("Fortran-ordered", np.asfortranarray, "f(*map(np.asfortranarray, args))"),
)


def memory_layout(claim: Claim, case: Case) -> list[JudgedRow]:
    """Read-only, non-contiguous and Fortran-ordered arguments give the same answer.

    Predicate: ``|v(other layout) - v(plain)| <= 2 (b + b)`` for every value; sums may run in
    another order. It cannot see an error that occurs in every layout: the all-zero gradient, a sign
    flip, a scale.
    """
    plain = claim.answer(case)
    judged: list[JudgedRow] = []
    for layout in _LAYOUTS:
        # A copy, because a subject that writes into a view of the case would change the case.
        arguments = [layout.relaid(array.copy()) for array in claim.arguments(case)]
        with shown_as(f"for {layout.name} arguments", layout.expression):
            answer = claim.call(*arguments)
        for row in range(case.rows):
            judgement = agreement(
                claim,
                case,
                row,
                ours=answer[row],
                theirs=plain[row],
                difference=f"for plain arrays, not {layout.name} ones",
                shown_by=(layout.expression, "f(*args)"),
            )
            judged.append(JudgedRow(row, judgement))
    return judged


def empty_batch(claim: Claim, case: Case) -> list[JudgedRow]:
    """A batch of no rows has an answer of no rows.

    Predicate: the shape and dtype of the answer for arguments of shape (0, n). There are no values
    in it, so it cannot see the all-zero gradient, a sign flip, a scale or noise.
    """
    with shown_as("for a batch of no rows", "f(*(a[:0] for a in args))"):
        claim.answer(case.map(lambda array: array[:0]))
    return []


def nan_stays_in_its_row(claim: Claim, case: Case) -> list[JudgedRow]:
    """NaN in gives NaN out in that row, and nowhere else.

    Predicate: replace one number of the first argument by NaN. Then its row of the answer has a
    NaN, and any other row has one only if it had one before. For dE/do, where a class
    without a target does not depend on it, only the class with the largest target is tried. A row
    without targets is not tried, because its loss may well be zero. It cannot see an error in
    values, such as a sign flip, a scale or noise.
    """
    before = claim.answer(case)
    for row, column in np.ndindex(case.point.shape):
        targets = case["targets"][row]
        elsewhere = claim.quantity.needs_target and column != np.argmax(targets)
        if not targets.any() or elsewhere:
            continue
        point = case.point.copy()
        point[row, column] = np.nan
        poisoned = case.at(point)
        with shown_as("for an argument with a NaN", "f(*args)", poisoned):
            answer = claim.answer(poisoned)
        for other, values in enumerate(answer):
            if np.isnan(values).any() != (other == row or np.isnan(before[other]).any()):
                statement = (
                    "a NaN in the row did not reach its answer"
                    if other == row
                    else f"a NaN in row {row} reached the answer of another row"
                )
                returned = tuple(map(text, floats(values)))
                raise Refuted(Evidence(poisoned, statement, row=other, returned=returned))
    return []
