"""The contract is asked of wide rows and of many, and what it tries of them tells much."""

from collections.abc import Callable

import numpy as np
import pytest
from subjects import BY_ID, Gradient, case_of, claim_of, right

from gradcert.checks import agreement
from gradcert.checks.places import evenly_spaced, telling_places
from gradcert.core.case import Case
from gradcert.core.evidence import Refuted
from gradcert_implementations import Array

CONTRACT = (
    "inputs-unchanged",
    "same-answer-twice",
    "no-side-effects",
    "memory-layout",
    "nan-stays-in-its-row",
    "row-independence",
)

SHAPES = [(3, 4097), (5, 1025)]


def _case(rows: int, classes: int, seed: int = 0) -> Case:
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=rows)
    return case_of(rng.normal(size=(rows, classes)) * 5, np.eye(classes)[labels])


def _run(check: str, subject: Callable[..., Array], case: Case) -> None:
    BY_ID[check].run(claim_of(subject), case)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("check", CONTRACT)
def test_a_right_subject_passes_on_wide_rows_in_few_calls(
    check: str, shape: tuple[int, int]
) -> None:
    calls: list[tuple[int, ...]] = []

    def counted(z: Array, t: Array) -> Array:
        calls.append(z.shape)
        return right(z, t)

    _run(check, counted, _case(*shape))
    assert len(calls) <= 30


# Mistakes that a kernel makes on wide rows only.


def printing_its_plan(z: Array, t: Array) -> Array:
    if z.shape[1] > 500:
        print(f"split over {z.shape[1] // 256} blocks")  # noqa: T201
    return right(z, t)


def drawing_its_dither(z: Array, t: Array) -> Array:
    if z.shape[1] > 500:
        np.random.seed(17)  # noqa: NPY002
    return right(z, t)


def exponentials_in_place(z: Array, t: Array) -> Array:
    answer = right(z, t)
    if z.shape[1] > 500:
        np.exp(z - z.max(axis=1, keepdims=True), out=z)
    return answer


class OneWorkspace:
    """Hands out the same array again, for rows of more than 64 classes."""

    def __init__(self) -> None:
        self.workspace = np.zeros((0, 0))

    def __call__(self, z: Array, t: Array) -> Array:
        if z.shape[1] <= 64:
            return right(z, t)
        if self.workspace.shape != z.shape:
            self.workspace = np.empty_like(z)
        self.workspace[:] = right(z, t)
        return self.workspace


class CompiledForPointers:
    """Keeps the answer for pointers that it has seen, of more than 64 classes."""

    def __init__(self) -> None:
        self.kept: dict[tuple[object, ...], Array] = {}

    def __call__(self, z: Array, t: Array) -> Array:
        if z.shape[1] <= 64:
            return right(z, t)
        key = (z.ctypes.data, t.ctypes.data, z.shape)
        if key not in self.kept:
            self.kept[key] = right(z, t)
        return self.kept[key].copy()


def normaliser_of_the_first_row(z: Array, t: Array) -> Array:
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    total = powers.sum(axis=1, keepdims=True)
    return powers / (total[:1] if z.shape[1] > 500 else total) - t


def _losing_nan_at(column: int) -> Gradient:
    """Return a gradient of which one block takes its maximum without NaN."""

    def gradient(z: Array, t: Array) -> Array:
        z = z.copy()
        if z.shape[1] > 500:
            z[:, column] = np.nan_to_num(z[:, column])
        return right(z, t)

    return gradient


WRONG: list[tuple[str, Callable[[], Callable[..., Array]]]] = [
    ("no-side-effects", lambda: printing_its_plan),
    ("no-side-effects", lambda: drawing_its_dither),
    ("inputs-unchanged", lambda: exponentials_in_place),
    ("same-answer-twice", OneWorkspace),
    ("same-answer-twice", CompiledForPointers),
    ("row-independence", lambda: normaliser_of_the_first_row),
    ("nan-stays-in-its-row", lambda: _losing_nan_at(0)),
    ("nan-stays-in-its-row", lambda: _losing_nan_at(-1)),
    ("nan-stays-in-its-row", lambda: _losing_nan_at(127)),
    ("nan-stays-in-its-row", lambda: _losing_nan_at(128)),
    ("nan-stays-in-its-row", lambda: _losing_nan_at(1023)),
    ("nan-stays-in-its-row", lambda: _losing_nan_at(1024)),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("check", "make"), WRONG)
def test_a_mistake_in_wide_rows_only_is_seen_on_wide_rows(
    check: str, make: Callable[[], Callable[..., Array]], shape: tuple[int, int]
) -> None:
    _run(check, make(), _case(3, 40))
    with pytest.raises(Refuted):
        _run(check, make(), _case(*shape))


class GoingByAddresses:
    """Keeps the answer for the addresses that it has seen, and if told so the arrays there too."""

    def __init__(self, *, holding: bool) -> None:
        self.answers: dict[tuple[int, int], Array] = {}
        self.arrays: list[tuple[Array, Array]] = []
        self.holding = holding

    def __call__(self, z: Array, t: Array) -> Array:
        if self.holding:  # Then no other array gets their addresses.
            self.arrays.append((z, t))
        return self.answers.setdefault((z.ctypes.data, t.ctypes.data), right(z, t)).copy()


@pytest.mark.parametrize("shape", [*SHAPES, (2, 3)])
def test_an_answer_for_numbers_that_are_gone_is_seen_whatever_was_called_before(
    shape: tuple[int, int],
) -> None:
    subject = GoingByAddresses(holding=False)
    found = []
    for seed in range(5):
        case = _case(*shape, seed)
        # These leave answers to the same case at addresses that come again.
        _run("no-side-effects", subject, case)
        claim_of(subject).answer(case)
        try:
            _run("same-answer-twice", subject, case)
        except Refuted as refuted:
            found.append(refuted)
    assert found


def test_an_answer_for_numbers_that_are_gone_is_seen_where_fresh_arrays_lie_at_an_old_place() -> (
    None
):
    # The addresses of the calls: the case (c), its classes in reverse (r), other targets (o),
    # arrays that are turned in place (m), and fresh arrays where the classes in reverse lay.
    addresses = iter("ccrcorommr")
    answers: dict[str, Array] = {}

    def gradient(z: Array, t: Array) -> Array:
        return answers.setdefault(next(addresses), right(z, t)).copy()

    with pytest.raises(Refuted):
        _run("same-answer-twice", gradient, _case(2, 3))


@pytest.mark.parametrize("shape", [*SHAPES, (2, 3)])
def test_the_snippet_shows_an_answer_for_numbers_that_are_gone(shape: tuple[int, int]) -> None:
    with pytest.raises(Refuted) as refuted:
        _run("same-answer-twice", GoingByAddresses(holding=True), _case(*shape))
    evidence = refuted.value.evidence
    assert evidence.statement.endswith("for fresh arrays with the same numbers")
    args = tuple(array.copy() for array in evidence.case.arguments.values())
    names = {"f": GoingByAddresses(holding=True), "args": args, "np": np}
    printed = [eval(expression, names) for expression in evidence.shown_by]
    assert not np.allclose(printed[-2], printed[-1])
    assert printed[-1].tobytes() == right(*args).tobytes()
    for array, original in zip(args, evidence.case.arguments.values(), strict=True):
        assert array.tobytes() == original.tobytes()


@pytest.mark.parametrize(
    ("count", "most", "expected"),
    [
        (0, 12, []),
        (1, 12, [0]),
        (12, 12, list(range(12))),
        (13, 12, [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12]),
        (1000, 3, [0, 500, 999]),
    ],
)
def test_evenly_spaced_places_are_different_and_have_both_ends(
    count: int, most: int, expected: list[int]
) -> None:
    assert evenly_spaced(count, most) == expected


@pytest.mark.parametrize("shape", [(1, 1), (2, 8), (16, 1), (4, 4)])
def test_a_nan_is_tried_at_every_place_of_a_small_case(shape: tuple[int, int]) -> None:
    places = telling_places(_case(*shape), most=16, labels_only=False)
    assert places == list(np.ndindex(shape))


@pytest.mark.parametrize(
    "shape", [(1, 17), (3, 4097), (5, 1025), (1025, 2), (70_000, 3), (1, 5000)]
)
def test_a_nan_is_tried_at_the_ends_the_middle_the_boundaries_and_the_labels_of_a_large_case(
    shape: tuple[int, int],
) -> None:
    rows, classes = shape
    case = _case(rows, classes)
    places = telling_places(case, most=16, labels_only=False)
    assert len(places) <= 16
    columns = {column for _, column in places}
    wanted = {0, classes // 2 - 1, classes // 2, classes - 1}
    for block in (128, 1024):
        if classes > block:
            last = (classes - 1) // block * block
            wanted |= {block - 1, block, last - 1, last}
    assert wanted <= columns
    labels = case["targets"].argmax(axis=1)
    labelled = [row for row, column in places if column == labels[row]]
    assert {0, rows - 1} <= set(labelled)


def test_where_only_targets_count_a_nan_is_tried_at_labels_only_in_16_rows_at_most() -> None:
    case = _case(100, 50)
    labels = case["targets"].argmax(axis=1)
    places = telling_places(case, most=16, labels_only=True)
    assert len(places) == 16
    assert all(column == labels[row] for row, column in places)


def test_a_row_without_targets_is_not_poisoned() -> None:
    case = case_of(np.zeros((40, 2)), np.repeat([[0.0, 0.0], [1.0, 0.0]], [39, 1], axis=0))
    assert {row for row, _ in telling_places(case, most=16, labels_only=False)} == {39}
    nothing = case_of(np.zeros((3, 20)), np.zeros((3, 20)))
    for labels_only in (False, True):
        assert telling_places(nothing, most=16, labels_only=labels_only) == []


def _compared(case: Case, subject: Gradient = right) -> list[int]:
    """Return the rows that are asked alone."""
    asked: list[int] = []

    def recording(z: Array, t: Array) -> Array:
        if len(z) == 1:
            asked.append(int(np.flatnonzero((case.point == z).all(axis=1))[0]))
        return subject(z, t)

    _run("row-independence", recording, case)
    return asked


def test_each_kind_of_rows_is_compared_once_in_a_large_batch() -> None:
    two = _case(2, 3)
    case = two.map(lambda array: array[np.resize([0, 1], 1025)])
    assert _compared(case) == [0, 1]


def test_of_many_unlike_rows_twelve_are_compared_the_first_and_the_last_among_them() -> None:
    assert _compared(_case(12, 3)) == list(range(12))
    asked = _compared(_case(5000, 3))
    assert len(asked) == 12
    assert (asked[0], asked[-1]) == (0, 4999)
    assert max(np.diff(asked)) <= 455


def test_a_row_with_another_answer_than_an_equal_row_is_compared() -> None:
    case = _case(1, 3).of_rows(np.zeros(500, int))

    def row_300_lost(z: Array, t: Array) -> Array:
        answer = right(z, t)
        answer[300:301] = 0
        return answer

    with pytest.raises(Refuted) as refuted:
        _run("row-independence", row_300_lost, case)
    assert refuted.value.evidence.row == 300


@pytest.mark.parametrize("check", ["row-independence", "memory-layout", "same-answer-twice"])
def test_answers_of_equal_bytes_need_no_budget(check: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise AssertionError("a budget was asked for")

    monkeypatch.setattr(agreement, "budgets", none)
    case = _case(3, 4097)

    def by_rows(z: Array, t: Array) -> Array:
        """Compute each row for itself, in the same way whatever lies where."""
        return np.vstack([right(z[i : i + 1].copy(), t[i : i + 1].copy()) for i in range(len(z))])

    _run(check, by_rows, case)
