"""A kernel that misreads memory is refuted, and by the check of memory layouts alone."""

import numpy as np
import pytest
from laid_out import THREE, in_items, memory_of
from subjects import Gradient, case_of, checked, claim_of, right

from gradcert.checks.layouts import memory_layout
from gradcert.core.evidence import Refuted
from gradcert_implementations import Array


def _read(array: Array, strides: tuple[int, int], start: int = 0) -> Array:
    """Return what lies at these distances, in items, from the first number; NaN outside."""
    memory = memory_of(array)
    first = (array.ctypes.data - memory.ctypes.data) // array.itemsize + start
    rows, columns = np.indices(array.shape)
    places = first + strides[0] * rows + strides[1] * columns
    outside = (places < 0) | (places >= memory.size)
    return np.append(memory, np.nan)[np.where(outside, -1, places)]


def pitch_forgotten(z: Array, t: Array) -> Array:
    def read(a: Array) -> Array:
        return _read(a, (a.shape[1], 1)) if a.strides[1] == a.itemsize else a

    return right(read(z), read(t))


def column_step_forgotten(z: Array, t: Array) -> Array:
    return right(_read(z, (in_items(z)[0], 1)), t)


def targets_at_the_pitch_of_the_logits(z: Array, t: Array) -> Array:
    return right(z, _read(t, (in_items(z)[0], in_items(z)[1])))


def logits_at_the_pitch_of_the_targets(z: Array, t: Array) -> Array:
    return right(_read(z, (in_items(t)[0], in_items(t)[1])), t)


def unsigned_pitch(z: Array, t: Array) -> Array:
    return right(_read(z, (abs(in_items(z)[0]), in_items(z)[1])), t)


def rounding_the_address_down(z: Array, t: Array) -> Array:
    return right(_read(z, (in_items(z)[0], in_items(z)[1]), -(z.ctypes.data % 16 // 8)), t)


def targets_address_rounded_down(z: Array, t: Array) -> Array:
    return right(z, _read(t, (in_items(t)[0], in_items(t)[1]), -(t.ctypes.data % 16 // 8)))


def stride_zero_is_one_row(z: Array, t: Array) -> Array:
    answer = right(z, t)
    return answer[[0] * len(z)] if z.strides[0] == 0 else answer


def uniform_targets_when_expanded(z: Array, t: Array) -> Array:
    return right(z, np.full_like(t, 1 / t.shape[1]) if t.strides[0] == 0 else t)


WRONG: list[Gradient] = [
    pitch_forgotten,
    column_step_forgotten,
    targets_at_the_pitch_of_the_logits,
    logits_at_the_pitch_of_the_targets,
    unsigned_pitch,
    rounding_the_address_down,
    targets_address_rounded_down,
    stride_zero_is_one_row,
    uniform_targets_when_expanded,
]


@pytest.mark.parametrize("subject", WRONG)
def test_a_kernel_that_misreads_memory_is_refuted_by_this_check_alone(subject: Gradient) -> None:
    assert checked("memory-layout", subject).verdict == "refuted"
    for check in ("accuracy", "same-answer-twice", "row-independence", "inputs-unchanged"):
        assert checked(check, subject).verdict == "conforms"


@pytest.mark.parametrize("subject", WRONG)
@pytest.mark.parametrize(("rows", "classes"), [(3, 4097), (5, 1025)])
def test_a_kernel_that_misreads_wide_rows_only_is_refuted(
    subject: Gradient, rows: int, classes: int
) -> None:
    def wide_only(z: Array, t: Array) -> Array:
        answer: Array = (subject if z.shape[1] > 64 else right)(z, t)
        return answer

    rng = np.random.default_rng(0)
    labels = rng.choice(classes, rows, replace=False)
    case = case_of(rng.normal(size=(rows, classes)) * 5, np.eye(classes)[labels])
    memory_layout(claim_of(wide_only), THREE)
    with pytest.raises(Refuted):
        memory_layout(claim_of(wide_only), case)
