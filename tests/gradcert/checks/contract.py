"""The contract of any numerical function."""

from dataclasses import replace

import numpy as np

from gradcert.checks.nothing_kept import require_nothing
from gradcert.checks.places import telling_places
from gradcert.checks.shown import ASKED, with_rows_changed
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import ChangedRow, Evidence, JudgedRow, Refuted, floats, text
from gradcert.core.failures import shown_as
from gradcert.core.shares import with_ignored_labels
from gradcert_implementations import Array

__all__ = [
    "empty_batch",
    "form_of",
    "inputs_unchanged",
    "nan_stays_in_its_row",
]


def form_of(array: Array) -> dict[str, object]:
    """Return all that a call may change in an array beside its bytes, in words."""
    return {
        "shape": array.shape,
        "strides": array.strides,
        "dtype": array.dtype,
        "flag writeable": array.flags.writeable,
    }


_FORMS = "[(a.shape, a.strides, a.dtype, a.flags.writeable) for a in args]"


def _changed_row(name: str, before: Array, after: Array) -> ChangedRow:
    """Return the first row of which a byte differs; a number is a row."""
    rows = list(zip(np.atleast_1d(before), np.atleast_1d(after), strict=True))
    row = next(i for i, (ours, theirs) in enumerate(rows) if ours.tobytes() != theirs.tobytes())
    return ChangedRow(name, row, *map(floats, rows[row]))


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
        form = form_of(argument)
        for what, before in form_of(original).items():
            if form[what] != before:
                how = f"{said}: the {what} is another one"
                raise Refuted(Evidence(case, how, shown_by=(_FORMS, ASKED, _FORMS)))
        if name in overwritten:
            continue
        if argument.tobytes() != original.tobytes():
            changed = _changed_row(name, original, argument)
            shown_by = ("args", ASKED, "args")
            raise Refuted(Evidence(case, said, changed=changed, shown_by=shown_by))
        if np.shares_memory(answer, argument):
            raise Refuted(
                Evidence(
                    case,
                    f"the answer lies in the memory of its {name}",
                    shown_by=("[np.shares_memory(f(*args), a) for a in args]",),
                )
            )
    return []


def empty_batch(claim: Claim, case: Case) -> list[JudgedRow]:
    """A batch of no rows has an answer of no rows.

    Predicate: the shape and dtype of the answer for arguments of shape (0, n). If the answer is the
    value of a reduced loss, it is zero for a sum, and NaN or zero for a mean, as the loss says.
    There are no values of rows in it, so it cannot see the all-zero gradient, a sign flip, a scale
    or noise.
    """
    expression = f"f(*({with_rows_changed(claim, 'a[:0]')}))"
    where = "for a batch of no rows"
    with shown_as(where, expression):
        answer = claim.answer(case.of_rows(np.zeros(0, int)))
    if claim.quantity.reduces:
        require_nothing(claim, case, answer, where=where, shown_by=(expression,))
    return []


_POISONED = 16
"""Numbers of a case that are replaced by NaN, one at a time."""


def _telling(claim: Claim, case: Case) -> Case:
    """Return the case without a target in the rows whose answer may be zero whatever they hold."""
    asked, loss = with_ignored_labels(claim.loss, case), claim.true_loss(case)
    targets = asked["targets"]
    weighted = targets != 0
    if loss.class_weights and not (loss.label_smoothing or loss.z_loss):
        weighted &= np.array(loss.class_weights) != 0
    tells = weighted.any(axis=1)
    for row, share in enumerate(claim.shares(case, range(case.rows))):
        tells[row] &= share.kept and share.upstream != 0
    telling = {**asked.arguments, "targets": np.where(tells[:, np.newaxis], targets, 0)}
    return replace(asked, arguments=telling)


def nan_stays_in_its_row(claim: Claim, case: Case) -> list[JudgedRow]:
    """NaN in gives NaN out in that row, and nowhere else.

    Predicate: replace one number of the first argument by NaN. Then its row of the answer has a
    NaN, and any other row has one only if it had one before. The value of a loss that sums or
    averages its rows is NaN then. Each number of a case is tried; if
    there are more than 16, then 16 at most: in rows that are evenly spaced, the class whose target
    is the largest in size, and the first class, the last, those around the middle and those beside
    boundaries of blocks of 128 and 1024. For dE/do, where a class without a target does not depend
    on it, only the class whose target is the largest in size is tried. A row is not tried if its
    answer may well be zero: one that is ignored, any row where a mean divides by zero, one whose
    upstream gradient is zero, one without targets, and, without label smoothing and z-loss, one
    whose targets have class weights of zero only. It cannot see an error in values, such as a sign
    flip, a scale or noise.
    """
    before = claim.answer(case)
    rows = len(before)  # The value of a reduced loss is one row.
    had_nan = np.isnan(before).reshape(rows, -1).any(axis=1)
    for row, column in telling_places(
        _telling(claim, case),
        most=_POISONED,
        labels_only=claim.quantity.needs_target,
    ):
        point = case.point.copy()
        point[row, column] = np.nan
        poisoned = case.at(point)
        with shown_as("for an argument with a NaN", "f(*args)", poisoned):
            answer = claim.answer(poisoned)
        has_nan = np.isnan(answer).reshape(rows, -1).any(axis=1)
        expected = had_nan | (np.arange(rows) == row) | claim.quantity.reduces
        for other in np.flatnonzero(has_nan != expected).tolist():
            statement = (
                f"a NaN in row {row} did not reach the value"
                if claim.quantity.reduces
                else "a NaN in the row did not reach its answer"
                if other == row
                else f"a NaN in row {row} reached the answer of another row"
            )
            returned = tuple(map(text, floats(answer[other])))
            raise Refuted(Evidence(poisoned, statement, row=other, returned=returned))
    return []
