"""Each memory layout is given to each argument by itself and to all, and Python can show it."""

from collections.abc import Iterator
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from laid_out import NAMES, THREE, in_items, memory_of
from subjects import Gradient, case_of, claim_of, right

from gradcert.checks.layouts import LAYOUTS, Layout, memory_layout
from gradcert.core.case import Case
from gradcert.core.evidence import Refuted
from gradcert_implementations import Array

EACH = pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)

DTYPES = [np.float64, np.float32, np.float16, ml_dtypes.bfloat16]


def _described(array: Array) -> tuple[object, ...]:
    return in_items(array), array.flags.writeable, array.ctypes.data % 16


def test_the_layouts_are_those_that_a_certificate_names() -> None:
    assert {layout.name for layout in LAYOUTS} == NAMES
    assert len(LAYOUTS) == len(NAMES)


@EACH
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_python_of_a_layout_makes_what_its_function_makes(layout: Layout, dtype: Any) -> None:
    array = THREE.point.astype(dtype)
    made, shown = layout.relaid(array), eval(layout.expression, {"np": np, "a": array})
    assert made.dtype == shown.dtype == dtype
    assert made.shape == shown.shape == array.shape
    assert _described(made) == _described(shown)
    expected = array[[0, 0, 0]] if layout.one_row else array
    assert made.tolist() == shown.tolist() == expected.tolist()


@pytest.mark.parametrize("dtype", DTYPES)
def test_each_layout_is_what_its_name_says(dtype: Any) -> None:
    item = np.dtype(dtype).itemsize
    found = {one.name: _described(one.relaid(THREE.point.astype(dtype))) for one in LAYOUTS}
    assert found == {
        "rows narrowed from a wider array": ((7, 1), True, 0),
        "reversed rows": ((-4, 1), True, 2 * 4 * item % 16),
        "every second row of a larger batch": ((8, 1), True, 0),
        "every second column of wider rows": ((8, 2), True, 0),
        "transposed rows": ((1, 3), True, 0),
        "read-only rows": ((4, 1), False, 0),
        "one row expanded over the batch": ((0, 1), False, 0),
        "rows not aligned to 16 bytes": ((4, 1), True, item),
    }


@EACH
def test_who_reads_beside_an_array_finds_nan_and_large_numbers_and_no_memory_of_others(
    layout: Layout,
) -> None:
    array = layout.relaid(THREE.point)
    memory = memory_of(array)
    garbage = {str(x) for x in memory.tolist()} - {str(x) for x in array.ravel().tolist()}
    if layout.name in ("transposed rows", "read-only rows"):
        assert garbage == set()
    elif layout.name == "rows narrowed from a wider array":
        assert garbage == {"nan", "60000.0"}
    else:
        assert garbage == {"nan"}
    # A kernel that ignores strides reads as many numbers as there are, from the first one on.
    behind = memory.ctypes.data + memory.nbytes - array.ctypes.data
    assert behind >= array.size * array.itemsize


class Recording:
    """Right, and remembers how its arguments lay in memory."""

    def __init__(self) -> None:
        self.seen: list[tuple[tuple[object, ...], ...]] = []
        self.values: list[tuple[Any, ...]] = []

    def __call__(self, *arrays: Array) -> Array:
        self.seen.append(tuple(map(_described, arrays)))
        self.values.append(tuple(array.tolist() for array in arrays))
        return right(*arrays)


def test_each_argument_is_given_in_each_layout_by_itself_and_then_all_are() -> None:
    recording = Recording()
    memory_layout(claim_of(recording), THREE)
    plain = (4, 1), True
    alone = [(z[:2], t[:2]) for z, t in recording.seen]
    for layout in LAYOUTS:
        laid_out = _described(layout.relaid(THREE.point))[:2]
        for wanted in ((laid_out, plain), (plain, laid_out), (laid_out, laid_out)):
            assert wanted in alone, (layout.name, wanted)
    unaligned = [(z[2] == 8, t[2] == 8) for z, t in recording.seen]
    assert {(True, False), (False, True), (True, True)} <= set(unaligned)
    # The plain call, three calls for each layout, and three plain ones of one row for all.
    assert len(recording.seen) == 1 + 3 * len(LAYOUTS) + 3


def test_a_quantity_of_one_argument_is_asked_once_for_each_layout() -> None:
    calls: list[Array] = []

    def softmax(z: Array) -> Array:
        calls.append(z)
        return right(z, np.zeros_like(z))

    memory_layout(claim_of(softmax, "softmax"), THREE)
    assert len(calls) == 1 + len(LAYOUTS) + 1


def _wrong_where(wanted: tuple[tuple[object, ...], ...]) -> Gradient:
    return lambda z, t: right(z, t) + (tuple(map(_described, (z, t))) == wanted)


def _calls() -> Iterator[tuple[tuple[object, ...], ...]]:
    recording = Recording()
    memory_layout(claim_of(recording), THREE)
    plain = ((4, 1), True, 0)
    yield from (seen for seen in recording.seen if any(one[:2] != plain[:2] for one in seen))


@pytest.mark.parametrize("wanted", list(dict.fromkeys(_calls())), ids=str)
def test_the_snippet_calls_the_function_with_what_the_check_called_it_with(
    wanted: tuple[tuple[object, ...], ...],
) -> None:
    with pytest.raises(Refuted) as refuted:
        memory_layout(claim_of(_wrong_where(wanted)), THREE)
    evidence = refuted.value.evidence
    recording = Recording()
    args = tuple(evidence.case.arguments.values())
    assert evidence.shown_by[1] == "f(*args)"
    for expression in evidence.shown_by:
        eval(expression, {"f": recording, "args": args, "np": np})
    shown, plain = recording.seen
    # Where an array comes to lie is not for us to say, unless the layout is about that.
    assert [one[:2] for one in shown] == [one[:2] for one in wanted]
    assert [one[:2] for one in plain] == [((4, 1), True)] * 2
    assert recording.values[0] == recording.values[1]


def test_what_is_refuted_says_which_argument_lay_how() -> None:
    def transposed_targets_only(z: Array, t: Array) -> Array:
        return right(z, t) + (t.flags.f_contiguous and not t.flags.c_contiguous)

    with pytest.raises(Refuted) as refuted:
        memory_layout(claim_of(transposed_targets_only), THREE)
    statement = refuted.value.evidence.statement
    assert statement.endswith("for plain arrays instead of targets given as transposed rows")


def test_one_row_expanded_leaves_the_rows_of_the_other_argument_as_they_are() -> None:
    recording = Recording()
    memory_layout(claim_of(recording), THREE)
    logits, targets = (array.tolist() for array in THREE.arguments.values())
    expanded = [
        values
        for seen, values in zip(recording.seen, recording.values, strict=True)
        if (0, 1) in [one[0] for one in seen]
    ]
    assert expanded == [
        ([logits[0]] * 3, targets),
        (logits, [targets[0]] * 3),
        ([logits[0]] * 3, [targets[0]] * 3),
    ]


def _expanded(case: Case) -> list[tuple[Any, ...]]:
    recording = Recording()
    memory_layout(claim_of(recording), case)
    return [
        values
        for seen, values in zip(recording.seen, recording.values, strict=True)
        if (0, 1) in [one[0] for one in seen]
    ]


def test_one_row_expanded_puts_no_target_at_a_logit_that_the_claim_is_not_about() -> None:
    hidden = -np.inf
    # Row 0 hides the target of row 1. Row 1 hides nothing.
    (logits, _), (_, targets), _ = _expanded(case_of([[0, hidden], [1, 2]], [[1, 0], [0, 1]]))
    assert (logits, targets) == ([[1, 2]] * 2, [[1, 0]] * 2)
    # Each row hides the target of the other, so that both arguments have one row.
    for logits, targets in _expanded(case_of([[0, hidden], [hidden, 2]], [[1, 0], [0, 1]])):
        assert (logits, targets) == ([[0, hidden]] * 2, [[1, 0]] * 2)
    # A logit beyond the declared size is for classes without a target.
    huge = -1e30
    for logits, targets in _expanded(case_of([[0, huge], [huge, 2]], [[1, 0], [0, 1]])):
        assert (logits, targets) == ([[0, huge]] * 2, [[1, 0]] * 2)
