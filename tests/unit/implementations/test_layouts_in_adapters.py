"""What an adapter passes on has the memory layout of what it is given, as far as it can have it."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import jax
import ml_dtypes
import numpy as np
import pytest
import torch
from torch.nn import functional

from gradcert.checks.layouts import LAYOUTS, Layout
from gradcert_implementations import Array, Strides, load
from gradcert_implementations.adapters.jax_loss import from_jax
from gradcert_implementations.adapters.labels import class_indices
from gradcert_implementations.adapters.numpy_function import from_numpy
from gradcert_implementations.adapters.program import from_command
from gradcert_implementations.adapters.tensors import moved, tensor_of
from gradcert_implementations.adapters.torch_loss import from_torch

DTYPES = [np.float64, np.float32, np.float16, ml_dtypes.bfloat16]

ROWS = np.arange(12.0).reshape(3, 4)

RIGHT = load("numpy").functions
"""The answers by hand."""

OF_TORCH = [layout for layout in LAYOUTS if layout.strides is not Strides.ANY]


def _named(layouts: list[Layout]) -> Any:
    return pytest.mark.parametrize("layout", layouts, ids=lambda layout: layout.name)


def _in_items(array: Array) -> tuple[int, ...]:
    return tuple(stride // array.itemsize for stride in array.strides)


@_named(OF_TORCH)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_tensor_has_the_memory_and_the_strides_of_its_array(layout: Layout, dtype: Any) -> None:
    array = layout.relaid(ROWS.astype(dtype))
    tensor = tensor_of(array)
    assert tensor.stride() == _in_items(array)
    assert tensor.data_ptr() == array.ctypes.data
    assert tensor.tolist() == array.tolist()


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_array_with_negative_strides_is_copied(dtype: Any) -> None:
    for array in (ROWS.astype(dtype)[::-1], ROWS.astype(dtype)[:, ::-1]):
        assert tensor_of(array).tolist() == array.tolist()


def test_read_only_memory_gives_no_warning_outside_a_check() -> None:
    """A process of its own: torch warns once only."""
    code = (
        "import numpy as np\n"
        "from gradcert import load\n"
        "z, t = np.zeros((2, 3)), np.broadcast_to(np.eye(3)[:1], (2, 3))\n"
        "print(load('torch').functions['dE/dz'](np.broadcast_to(z, z.shape), t).shape)"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("(2, 3)\n", "")


@_named(OF_TORCH)
@pytest.mark.parametrize("targets", ["probability", "index"])
def test_a_torch_loss_sees_the_layout_of_the_arrays(layout: Layout, targets: str) -> None:
    seen: list[tuple[int, ...]] = []

    def recording(z: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        seen.append(z.stride())
        return functional.cross_entropy(z, t, reduction="none")

    logits, labels = layout.relaid(ROWS), np.eye(4)[:3]
    answer = from_torch(recording, targets=targets).functions["dE/dz"](logits, labels)
    assert seen == [_in_items(logits)]
    np.testing.assert_allclose(answer, RIGHT["dE/dz"](logits, labels), rtol=1e-12)


@_named(OF_TORCH)
def test_a_tensor_keeps_its_strides_on_another_device(layout: Layout) -> None:
    tensor = tensor_of(layout.relaid(ROWS))
    there = moved(tensor, torch.device("meta"))
    assert there.device.type == "meta"
    assert (there.shape, there.stride()) == (tensor.shape, tensor.stride())
    # New memory of a device is aligned, so that what is skipped tells the alignment.
    assert there.storage_offset() == tensor.data_ptr() % 16 // 8
    assert there.is_leaf


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_an_empty_tensor_can_be_moved_too(shape: tuple[int, int]) -> None:
    assert moved(tensor_of(np.zeros(shape)), torch.device("meta")).shape == shape


CLASSES = [2, 0, 1]

ONE_HOT = np.eye(3)[CLASSES]


@pytest.mark.parametrize(
    ("laid_out", "stride"),
    [
        (lambda rows: rows, 1),
        (np.asfortranarray, 1),
        (lambda rows: rows[::-1].copy()[::-1], -1),
        (lambda rows: np.repeat(rows, 2, axis=0)[::2], 2),
        (lambda rows: np.pad(rows, ((0, 0), (0, 1)))[:, :3], 2),
    ],
)
def test_labels_lie_in_memory_as_their_rows_do(
    laid_out: Callable[[Array], Array], stride: int
) -> None:
    labels = class_indices(laid_out(ONE_HOT))
    assert labels.dtype == np.int64
    assert labels.tolist() == CLASSES
    assert _in_items(labels) == (stride,)


def test_one_row_that_stands_for_all_has_one_label_that_stands_for_all() -> None:
    labels = class_indices(np.broadcast_to(ONE_HOT[:1], (3, 3)))
    assert labels.tolist() == [2, 2, 2]
    assert labels.strides == (0,)


def test_labels_of_read_only_rows_are_read_only() -> None:
    assert class_indices(ONE_HOT).flags.writeable
    assert not class_indices(np.broadcast_to(ONE_HOT, (3, 3))).flags.writeable


def test_between_labels_there_are_other_classes_which_nobody_can_index_out_of_range() -> None:
    labels = class_indices(np.repeat(ONE_HOT, 2, axis=0)[::2])
    assert labels.base is not None
    assert labels.base.ravel().tolist() == [2, 0, 0, 1, 1, 2]


@pytest.mark.parametrize("rows", [0, 1])
def test_a_batch_of_one_row_or_none_has_plain_labels(rows: int) -> None:
    labels = class_indices(np.repeat(ONE_HOT, 2, axis=0)[::2][:rows])
    assert labels.tolist() == CLASSES[:rows]
    assert labels.base is None or len(labels.base) == rows


def test_a_numpy_function_of_labels_sees_them_laid_out_as_the_rows_are() -> None:
    seen: list[tuple[int, ...]] = []

    def recording(z: Array, labels: Array) -> Array:
        seen.append(_in_items(labels))
        return z

    by_index = from_numpy(recording, targets="index").functions["dE/dz"]
    by_index(ROWS, np.eye(8)[::-2][:3, :4])
    by_index(ROWS, np.broadcast_to(np.eye(4)[:1], (3, 4)))
    assert seen == [(-1,), (0,)]


def _plain(z: Array, _t: Array) -> Array:
    return z


def test_each_adapter_says_which_strides_its_arrays_can_have() -> None:
    assert from_numpy(_plain).strides is Strides.ANY
    assert from_torch(_plain).strides is Strides.NON_NEGATIVE
    assert from_jax(_plain).strides is Strides.NONE
    assert from_command("true").strides is Strides.NONE
    assert [load(name).strides for name in ("numpy", "torch", "jax")] == [
        Strides.ANY,
        Strides.NON_NEGATIVE,
        Strides.NONE,
    ]


def test_a_jax_loss_compiles_for_each_shape_unless_it_is_not_compiled() -> None:
    assert from_jax(_plain).compiles_per_shape
    assert not from_jax(_plain, jit=False).compiles_per_shape
    assert [load(name).compiles_per_shape for name in ("numpy", "torch", "jax")] == [
        False,
        False,
        True,
    ]
    assert not from_torch(_plain).compiles_per_shape


def torch_mean(z: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(z, t)


def jax_mean(z: jax.Array, t: jax.Array) -> jax.Array:
    return -(t * jax.nn.log_softmax(z)).sum(-1).mean()


@pytest.mark.parametrize(
    ("adapt", "loss"), [(from_torch, torch_mean), (lambda f: from_jax(f, jit=False), jax_mean)]
)
@pytest.mark.parametrize("quantity", ["dE/dz", "loss"])
def test_the_first_call_of_a_loss_with_one_row_is_that_of_the_row(
    adapt: Callable[..., Any], loss: Callable[..., Any], quantity: Any
) -> None:
    shapes: list[tuple[int, ...]] = []

    def recording(z: Any, t: Any) -> Any:
        shapes.append(tuple(z.shape))
        return loss(z, t)

    function = adapt(recording).functions[quantity]
    one = function(ROWS[:1], np.eye(4)[:1])
    assert shapes == [(1, 4)]
    three = function(ROWS, np.eye(4)[[0, 0, 0]])
    np.testing.assert_allclose(three[:1], one, rtol=1e-14)
    right = RIGHT[quantity](ROWS, np.eye(4)[[0, 0, 0]])
    np.testing.assert_allclose(three, right, rtol=1e-12)
