"""Rows in the shapes of a layout: which shapes occur, in which memory, and the way back."""

from typing import Any

import numpy as np
import pytest

from gradcert.checks.layouts import LAYOUTS
from gradcert.checks.layouts import Layout as MemoryLayout
from gradcert.core.claim import claims_of
from gradcert.generation.dealing import plan
from gradcert.generation.scope import scope_of
from gradcert_implementations import (
    Array,
    Domain,
    Implementation,
    Layout,
    Loss,
    SpecError,
    as_implementation,
    load,
)
from gradcert_implementations.adapters.folding import (
    OfRows,
    in_rows,
    leading,
    of_rows,
    shape_of_rows,
    shaped,
)
from gradcert_implementations.adapters.labels import class_indices
from gradcert_implementations.adapters.numpy_function import from_numpy
from gradcert_implementations.options import Options

OTHERS = [Layout.SEQUENCE, Layout.CHANNELS]

ROWS = np.arange(24.0).reshape(6, 4)


def shapes_of_the_plan(layout: Layout) -> list[tuple[int, ...]]:
    (claim,) = claims_of(load("numpy", quantities=["dE/dz"], formats=["binary32"]))
    found = plan(scope_of(claim, 0))
    return [shape_of_rows(layout, case.rows, case.classes) for case in (*found.few, *found.many)]


def test_several_factorisations_of_the_rows_occur_in_the_plan() -> None:
    shapes = [shape for shape in shapes_of_the_plan(Layout.SEQUENCE) if np.prod(shape) > 1]
    assert sum(shape[0] == 1 for shape in shapes) > 9
    assert sum(shape[1] == 1 for shape in shapes) > 9
    assert sum(min(shape) > 1 for shape in shapes) > 9


def test_both_shapes_of_channels_occur_in_the_plan() -> None:
    shapes = [shape for shape in shapes_of_the_plan(Layout.CHANNELS) if np.prod(shape) > 1]
    for length in (2, 3):
        of_length = [shape for shape in shapes if len(shape) == length]
        assert any(min(shape) > 1 for shape in of_length)
        assert sum(shape[0] == 1 for shape in of_length) > 3
        assert sum(shape[0] > 1 for shape in of_length) > 3


@pytest.mark.parametrize("layout", OTHERS)
def test_a_shape_has_all_rows_and_is_not_square_where_it_can_be_otherwise(layout: Layout) -> None:
    for rows in range(200):
        for classes in (1, 2, 3, 8):
            shape = shape_of_rows(layout, rows, classes)
            assert np.prod(shape) == rows
            assert rows < 2 or shape[0] != np.prod(shape[1:])


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("rows", [0, 1, 2, 6, 12])
def test_rows_come_back_from_a_layout_as_they_were(layout: Layout, rows: int) -> None:
    array = np.arange(rows * 4.0).reshape(rows, 4)
    there = shaped(array, layout)
    assert leading(there.shape, layout) == shape_of_rows(layout, rows, 4)
    assert there.shape[1 if layout is Layout.CHANNELS else -1] == 4
    assert in_rows(there, layout).tolist() == array.tolist()


def recording(seen: list[Array]) -> Any:
    def function(z: Array, t: Array, g: Array) -> Array:
        seen.extend((z, t, g))
        return z + t

    return function


@pytest.mark.parametrize("layout", OTHERS)
def test_logits_targets_and_the_upstream_gradient_have_matching_shapes(layout: Layout) -> None:
    seen: list[Array] = []
    shape = shape_of_rows(layout, 6, 4)
    answer = OfRows(recording(seen), layout)(ROWS, 2 * ROWS, np.arange(6.0))
    assert [array.shape for array in seen[:2]] == [shaped(ROWS, layout).shape] * 2
    assert (seen[2].shape, seen[2].ravel().tolist()) == (shape, [*range(6)])
    assert answer.tolist() == (3 * ROWS).tolist()


@pytest.mark.parametrize("layout", OTHERS)
def test_one_upstream_gradient_for_all_rows_stays_one_number(layout: Layout) -> None:
    seen: list[Array] = []
    OfRows(recording(seen), layout)(ROWS, ROWS, np.array(2.0))
    assert seen[2].shape == ()


@pytest.mark.parametrize("layout", OTHERS)
def test_one_loss_for_each_row_comes_back_as_rows(layout: Layout) -> None:
    def loss(z: Array, t: Array) -> Any:
        return (z * t).sum(axis=1 if layout is Layout.CHANNELS else -1)

    assert OfRows(loss, layout)(ROWS, ROWS).tolist() == (ROWS * ROWS).sum(axis=1).tolist()
    assert OfRows(lambda z, t: (z * t).sum(), layout)(ROWS, ROWS) == (ROWS * ROWS).sum()


@pytest.mark.parametrize("memory", LAYOUTS, ids=lambda one: one.name)
@pytest.mark.parametrize("layout", OTHERS)
def test_a_function_sees_the_memory_layout_of_the_rows(
    layout: Layout, memory: MemoryLayout
) -> None:
    seen: list[Array] = []
    rows = memory.relaid(ROWS)
    OfRows(recording(seen), layout)(rows, rows, np.arange(6.0))
    there = seen[0]
    assert there.tolist() == shaped(rows, layout).tolist()
    assert there.flags.writeable == rows.flags.writeable
    assert there.ctypes.data % 16 == rows.ctypes.data % 16
    if rows.flags.c_contiguous:
        assert there.flags.c_contiguous
    else:
        assert np.shares_memory(there, rows)


@pytest.mark.parametrize("layout", OTHERS)
def test_what_a_function_writes_into_its_arguments_is_seen_in_the_rows(layout: Layout) -> None:
    def writing(z: Array, t: Array) -> Array:
        z[:] = t
        return t

    z, t = ROWS.copy(), -ROWS
    OfRows(writing, layout)(z, t)
    assert z.tolist() == t.tolist() == (-ROWS).tolist()


def test_an_answer_of_another_shape_says_which_was_expected() -> None:
    with pytest.raises(ValueError, match=r"returned shape \(6, 4\) for an argument of shape"):
        OfRows(in_rows_of_its_own, Layout.SEQUENCE)(ROWS, ROWS)


def in_rows_of_its_own(z: Array, _t: Array) -> Any:
    return z.reshape(-1, z.shape[-1])


@pytest.mark.parametrize("layout", OTHERS)
def test_labels_have_the_shape_of_their_rows_without_the_classes(layout: Layout) -> None:
    rows = np.eye(4)[[2, 0, 1, 3, 3, 2]]
    rows[1] = 0
    labels = class_indices(shaped(rows, layout), -100, layout)
    assert labels.shape == shape_of_rows(layout, 6, 4)
    assert labels.ravel().tolist() == [2, -100, 1, 3, 3, 2]


def test_labels_of_reversed_rows_are_reversed_in_a_sequence_too() -> None:
    rows = np.eye(4)[[2, 0, 1, 3, 3, 2]][::-1]
    labels = class_indices(shaped(rows, Layout.SEQUENCE), None, Layout.SEQUENCE)
    assert labels.ravel().tolist() == [2, 3, 3, 1, 0, 2]
    assert labels.strides[-1] < 0


def sequences(z: Array, t: Array) -> Any:
    _, _, classes = z.shape
    return z - t if classes else t


def test_a_plain_function_and_an_implementation_get_sequences_once() -> None:
    mine = Implementation(
        name="mine", functions={"dE/dz": sequences}, domain=Domain(layout=Layout.SEQUENCE)
    )
    plain = as_implementation(sequences, Options(domain={"layout": "sequence"}))
    for subject in (of_rows(mine), as_implementation(mine), plain, as_implementation(plain)):
        assert subject.functions["dE/dz"](ROWS, ROWS).tolist() == (ROWS - ROWS).tolist()


def test_a_function_that_was_loaded_for_one_layout_is_not_asked_for_another() -> None:
    loaded = from_numpy(sequences, domain={"layout": "sequence"})
    with pytest.raises(SpecError, match="loaded for layout=sequence; load it again for layout="):
        as_implementation(loaded, Options(domain={"layout": "channels"}))
    rows = from_numpy(sequences)
    with pytest.raises(SpecError, match="loaded for layout=rows; load it again for layout=sequ"):
        as_implementation(rows, Options(domain={"layout": "sequence"}))


def test_a_jacobian_has_no_layout_but_rows() -> None:
    with pytest.raises(SpecError, match="quantity 'do/dz' has no layout=channels; leave one"):
        load("numpy", domain={"layout": "channels"})


def test_a_program_has_no_layout_but_rows() -> None:
    with pytest.raises(SpecError, match="a program gets rows, not layout=sequence; leave it out"):
        load("command:cat", domain={"layout": "sequence"})


def test_class_weights_of_a_function_are_counted_before_anything_is_asked() -> None:
    with pytest.raises(SpecError, match="class_weights has 2 numbers for 1 classes"):
        load("diagonal-only", loss=Loss(class_weights=lambda n: np.ones(n + 1)))


def test_the_functions_of_another_loss_take_rows_too() -> None:
    mine = Implementation(
        name="mine",
        functions={"dE/dz": sequences},
        functions_for=lambda loss: {"dE/dz": lambda z, t: loss.multiplier * sequences(z, t)},
        domain=Domain(layout=Layout.SEQUENCE),
    )
    twice = of_rows(mine).with_loss(Loss(multiplier=2))
    assert twice.functions["dE/dz"](ROWS, 2 * ROWS).tolist() == (-2 * ROWS).tolist()
