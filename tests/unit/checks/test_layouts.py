"""Each memory layout is given to each argument by itself and to all, and its mistakes are seen."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from subjects import Gradient, case_of, checked, claim_of, right

from gradcert.checks import planned
from gradcert.checks.layouts import LAYOUTS, Layout, layouts_of, memory_layout
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import Refuted
from gradcert.core.failures import Broken
from gradcert_implementations import Array, Domain, Options, Strides, as_implementation, load
from gradcert_oracle import BINARY64, GRADIENT

NAMES = {
    "rows narrowed from a wider array",
    "reversed rows",
    "every second row of a larger batch",
    "every second column of wider rows",
    "transposed rows",
    "read-only rows",
    "one row expanded over the batch",
    "rows not aligned to 16 bytes",
}

EACH = pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)

DTYPES = [np.float64, np.float32, np.float16, ml_dtypes.bfloat16]

THREE = case_of([[0, 1, 2, 4], [3, 3, 0, 1], [-1, 0, 5, 2]], np.eye(4)[[3, 0, 1]])
"""Three unlike rows."""


def _in_items(array: Array) -> tuple[int, ...]:
    return tuple(stride // array.itemsize for stride in array.strides)


def _described(array: Array) -> tuple[object, ...]:
    return _in_items(array), array.flags.writeable, array.ctypes.data % 16


def _memory(array: Array) -> Array:
    """Return the numbers of the memory that an array is a part of, as they lie there."""
    base: Any = array
    while isinstance(base.base, np.ndarray):
        base = base.base
    memory: Array = base.ravel(order="K")
    assert np.shares_memory(memory, array)
    return memory


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
    memory = _memory(array)
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


@pytest.mark.parametrize(
    ("rows", "classes", "missing"),
    [
        (
            1,
            4,
            {
                "rows narrowed from a wider array",
                "reversed rows",
                "every second row of a larger batch",
                "transposed rows",
                "one row expanded over the batch",
            },
        ),
        (3, 1, {"every second column of wider rows", "transposed rows"}),
        (2, 2, set()),
    ],
)
def test_a_layout_is_tried_only_where_the_arrays_are_large_enough_to_show_it(
    rows: int, classes: int, missing: set[str]
) -> None:
    case = case_of(np.zeros((rows, classes)), np.eye(classes)[[0] * rows])
    assert {one.name for one in LAYOUTS if not one.shows(case)} == missing


def test_what_the_arrays_of_a_library_cannot_have_does_not_apply() -> None:
    claim = claim_of(right)

    def applying(strides: Strides) -> set[str]:
        subject = replace(claim.implementation, strides=strides)
        return {one.name for one in layouts_of(replace(claim, implementation=subject))}

    assert applying(Strides.ANY) == NAMES
    assert applying(Strides.NON_NEGATIVE) == NAMES - {"reversed rows", "read-only rows"}
    assert applying(Strides.NONE) == set()


def test_reversed_rows_may_be_refused_and_other_layouts_may_not() -> None:
    def refusing(z: Array, t: Array) -> Array:
        if min(*z.strides, *t.strides) < 0:
            raise ValueError("At least one stride in the given numpy array is negative")
        return right(z, t)

    def refusing_columns(z: Array, t: Array) -> Array:
        if z.strides[1] > z.itemsize and z.shape[1] > 1:
            raise ValueError("the columns have a stride")
        return right(z, t)

    memory_layout(claim_of(refusing), THREE)
    with pytest.raises(Broken, match="the columns have a stride"):
        memory_layout(claim_of(refusing_columns), THREE)


def test_a_subject_whose_arrays_have_no_strides_is_not_asked_for_layouts_at_all() -> None:
    for library in ("torch", "jax"):
        pytest.importorskip(library)
    for name, asked in (("numpy", True), ("torch", True), ("jax", False)):
        checks = {one.check.id for one in planned(load(name))}
        assert ("memory-layout" in checks) == asked, name


def test_a_torch_loss_is_never_given_what_torch_cannot_have() -> None:
    torch = pytest.importorskip("torch")
    from gradcert import from_torch

    seen: list[tuple[int, ...]] = []

    def recording(z: Any, t: Any) -> Any:
        seen.append(z.stride())
        return torch.nn.functional.cross_entropy(z, t, reduction="none")

    claim = Claim(from_torch(recording, formats=["fp64"]), GRADIENT, BINARY64)
    memory_layout(claim, THREE)
    assert set(seen) == {(4, 1), (7, 1), (8, 1), (8, 2), (1, 3), (0, 1)}


def negating_its_logits(z: Array, t: Array) -> Array:
    np.negative(z, out=z)
    return right(-z, t)


def overwriting(function: Callable[[Array, Array], Array]) -> Claim:
    """Return the claim of a function that says that it overwrites its logits."""
    subject = as_implementation(function, Options(domain={"overwrites_logits": True}))
    return Claim(subject, GRADIENT, BINARY64)


def test_logits_that_are_overwritten_are_given_in_no_layout_that_cannot_be_written() -> None:
    seen: list[tuple[tuple[int, ...], tuple[int, ...]]] = []

    def recording(z: Array, t: Array) -> Array:
        seen.append((_in_items(z), _in_items(t)))
        return negating_its_logits(z, t)

    claim = overwriting(recording)
    of_torch = replace(claim.implementation, strides=Strides.NON_NEGATIVE)
    memory_layout(replace(claim, implementation=of_torch), THREE)
    assert [one for one in seen if (0, 1) in one] == [((4, 1), (0, 1))]
    seen.clear()
    memory_layout(claim, THREE)
    fixed = {"read-only rows", "one row expanded over the batch"}
    # The plain call, three calls for each layout, one for each of these two, one plain for one row.
    assert len(seen) == 1 + 3 * (len(LAYOUTS) - len(fixed)) + 2 + 1


def test_reading_only_is_asked_of_targets_beside_logits_that_are_overwritten() -> None:
    def wanting_writable_targets(z: Array, t: Array) -> Array:
        np.negative(t, out=t)
        np.negative(t, out=t)
        return negating_its_logits(z, t)

    with pytest.raises(Broken, match=r"read-only, for targets given as read-only rows$"):
        memory_layout(overwriting(wanting_writable_targets), THREE)


def adding_in_memory_order(z: Array, t: Array) -> Array:
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    order = slice(None, None, 1 if z.strides[1] == z.itemsize else -1)
    return powers / powers[:, order].cumsum(axis=1)[:, -1:] - t


def test_another_order_of_a_sum_is_no_other_answer() -> None:
    rng = np.random.default_rng(0)
    case = case_of(rng.normal(size=(3, 500)), np.eye(500)[[3, 0, 1]])
    plain, other = (
        adding_in_memory_order(f(case.point), case["targets"])
        for f in (np.array, np.asfortranarray)
    )
    assert plain.tobytes() != other.tobytes()
    memory_layout(claim_of(adding_in_memory_order), case)


def test_a_buffer_that_is_handed_out_again_does_not_hide_another_answer() -> None:
    buffer = np.zeros((3, 4))

    def gradient(z: Array, t: Array) -> Array:
        buffer[:] = right(z, t) + (z.strides[1] != z.itemsize)
        return buffer

    with pytest.raises(Refuted, match="instead of logits given as every second column of"):
        memory_layout(claim_of(gradient), THREE)


# Mistakes. Each reads memory in the way of a kernel that gets a pointer, and never outside of it.


def _read(array: Array, strides: tuple[int, int], start: int = 0) -> Array:
    """Return what lies at these distances, in items, from the first number; NaN outside."""
    memory = _memory(array)
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
    return right(_read(z, (_in_items(z)[0], 1)), t)


def targets_at_the_pitch_of_the_logits(z: Array, t: Array) -> Array:
    return right(z, _read(t, (_in_items(z)[0], _in_items(z)[1])))


def logits_at_the_pitch_of_the_targets(z: Array, t: Array) -> Array:
    return right(_read(z, (_in_items(t)[0], _in_items(t)[1])), t)


def unsigned_pitch(z: Array, t: Array) -> Array:
    return right(_read(z, (abs(_in_items(z)[0]), _in_items(z)[1])), t)


def rounding_the_address_down(z: Array, t: Array) -> Array:
    return right(_read(z, (_in_items(z)[0], _in_items(z)[1]), -(z.ctypes.data % 16 // 8)), t)


def targets_address_rounded_down(z: Array, t: Array) -> Array:
    return right(z, _read(t, (_in_items(t)[0], _in_items(t)[1]), -(t.ctypes.data % 16 // 8)))


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


def test_logits_that_are_overwritten_as_claimed_are_not_given_in_read_only_memory() -> None:
    def in_place(z: Array, t: Array) -> Array:
        z[:] = right(z, t)
        return z

    claim = claim_of(in_place)
    with pytest.raises(Broken, match=r"read-only, for logits given as read-only rows$"):
        memory_layout(claim, THREE)
    domain = Domain(overwrites_logits=True)
    memory_layout(
        replace(claim, implementation=replace(claim.implementation, domain=domain)), THREE
    )
