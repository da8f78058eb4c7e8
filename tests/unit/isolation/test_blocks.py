"""Two processes have the same blocks of memory, and their arrays have the same layout."""

import gc
from collections.abc import Callable

import ml_dtypes
import numpy as np
import pytest

from gradcert.checks.layouts import LAYOUTS, Layout
from gradcert.isolation.blocks import HeldBlocks, LentBlocks
from gradcert.isolation.protocol import Block, Returned, View
from gradcert_implementations import Array

Function = Callable[..., object]


class Child:
    """The blocks of both sides, and calls from one to the other as the processes make them."""

    def __init__(self) -> None:
        self.lent, self.held = LentBlocks(), HeldBlocks()

    def call(self, function: Function, *arguments: Array) -> "Array | Returned":
        """Return what the judge gets for an answer."""
        self.held.forget(self.lent.take_forgotten())
        views = [self.lent.lend(array) for array in arguments]
        contents = {view.block: self.lent.content(view.block) for view in views}
        blocks = [Block(number, len(data)) for number, data in contents.items()]
        self.held.take(blocks, b"".join(contents.values()))
        returned = self.held.returned(function(*map(self.held.array, views)))
        changed = self.held.changed()
        found = self.lent.receive(list(changed), b"".join(changed.values()), returned.view)
        return returned if found is None else found


@pytest.mark.parametrize("dtype", [np.float64, np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_an_argument_arrives_bit_by_bit_in_its_layout(layout: Layout, dtype: type) -> None:
    plain = np.array([[1.5, -np.inf, -0.0], [1.5, np.nan, 2.0]]).astype(dtype)
    given = layout.relaid(plain)
    seen: list[Array] = []

    def look(array: Array) -> Array:
        seen.append(array)
        return array.copy()

    answer = Child().call(look, given)
    assert isinstance(answer, np.ndarray)
    assert answer.tobytes() == given.tobytes()
    (array,) = seen
    assert (array.strides, array.shape, array.dtype) == (given.strides, given.shape, given.dtype)
    assert array.flags.writeable == given.flags.writeable
    assert array.ctypes.data % 16 == given.ctypes.data % 16


@pytest.mark.parametrize("array", [np.array(7.0), np.ones(0), np.zeros((0, 3)), np.ones((2, 1))])
def test_arrays_of_any_shape_arrive_and_come_back(array: Array) -> None:
    answer = Child().call(np.copy, array)
    assert isinstance(answer, np.ndarray)
    assert (answer.shape, answer.tobytes()) == (array.shape, array.tobytes())


def test_what_a_call_writes_into_an_argument_is_written_here_too() -> None:
    array = np.ones((3, 4))

    def writes(given: Array) -> Array:
        given[1, 2] = 7
        return given * 2

    Child().call(writes, array[:, 1:])
    assert array[1, 3] == 7
    assert np.count_nonzero(array != 1) == 1


def test_an_answer_in_the_memory_of_an_argument_lies_there_here_too() -> None:
    array = np.arange(6.0)
    answer = Child().call(lambda given: given[::-2], array)
    assert isinstance(answer, np.ndarray)
    assert answer.tolist() == [5, 3, 1]
    assert np.shares_memory(answer, array)


def test_a_later_call_that_overwrites_an_answer_overwrites_it_here_too() -> None:
    buffer = np.zeros(2)
    child = Child()

    def reuses(given: Array) -> Array:
        np.copyto(buffer, given)
        return buffer

    first = child.call(reuses, np.array([1.0, 2.0]))
    assert isinstance(first, np.ndarray)
    assert first.tolist() == [1, 2]
    child.call(reuses, np.array([3.0, 4.0]))
    assert first.tolist() == [3, 4]


def test_an_array_that_is_passed_again_is_the_same_memory_with_the_numbers_of_now() -> None:
    child, array = Child(), np.zeros(2)
    addresses: list[int] = []

    def look(given: Array) -> Array:
        addresses.append(given.ctypes.data)
        return given.copy()

    child.call(look, array)
    array += 5
    answer = child.call(look, array)
    assert isinstance(answer, np.ndarray)
    assert answer.tolist() == [5, 5]
    assert len(set(addresses)) == 1


def test_memory_of_an_argument_is_nan_once_it_is_freed_and_that_of_an_answer_is_not_touched() -> (
    None
):
    child = Child()
    kept: list[Array] = []

    def keeps(given: Array) -> Array:
        kept.extend((given, given + 1))
        return kept[1]

    answer = child.call(keeps, np.ones(2))
    del answer
    gc.collect()
    child.call(np.copy, np.ones(2))
    argument, returned = kept
    assert np.isnan(argument).all()
    assert returned.tolist() == [2, 2]


def test_an_answer_in_the_memory_of_an_argument_keeps_its_numbers_as_long_as_it_is_used() -> None:
    child = Child()
    answer = child.call(lambda given: given[1:], np.arange(3.0))
    gc.collect()
    child.call(np.copy, np.ones(3))
    assert isinstance(answer, np.ndarray)
    assert answer.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ([1.0], "list"),
        (None, "NoneType"),
        (np.ma.array([1.0]), "MaskedArray"),
        (np.array([object()]), "array of dtype object"),
        (np.array(["a"]), "array of dtype <U1"),
        (np.ones(1).astype(">f8"), "array of dtype >f8"),
        (np.broadcast_to(0.0, (1 << 40, 3)), "array of shape (1099511627776, 3)"),
    ],
)
def test_what_is_no_array_of_numbers_is_known_by_its_name(answer: object, name: str) -> None:
    found = Child().call(lambda _: answer, np.ones(1))
    assert isinstance(found, Returned)
    assert found.type == name


PLAIN = View(block=-1, dtype="float64", shape=(2,), strides=None, offset=0, writeable=True)


@pytest.mark.parametrize(
    "view",
    [
        View(block=9, dtype="float64", shape=(2,), strides=None, offset=0, writeable=True),
        View(block=-1, dtype="no such", shape=(2,), strides=None, offset=0, writeable=True),
        View(block=-1, dtype="(", shape=(2,), strides=None, offset=0, writeable=True),
        View(block=-1, dtype=",(", shape=(2,), strides=None, offset=0, writeable=True),
        View(block=-1, dtype="float64", shape=(2,), strides=None, offset=1 << 99, writeable=True),
        View(block=-1, dtype="object", shape=(2,), strides=None, offset=0, writeable=True),
        View(block=-1, dtype="float64", shape=(3,), strides=None, offset=0, writeable=True),
        View(block=-1, dtype="float64", shape=(2,), strides=(16,), offset=0, writeable=True),
        View(
            block=-1, dtype="f8", shape=(2, 2), strides=(1 << 62, 1 << 62), offset=0, writeable=True
        ),
        View(block=-1, dtype="float64", shape=(2,), strides=(-8,), offset=0, writeable=True),
        View(block=-1, dtype="float64", shape=(2,), strides=None, offset=8, writeable=True),
        View(block=-1, dtype="float64", shape=(2,), strides=(8, 8), offset=0, writeable=True),
        View(block=-1, dtype="float64", shape=(2,), strides=None, offset=1 << 80, writeable=True),
        View(block=-1, dtype="float64", shape=(1 << 62, 8), strides=None, offset=0, writeable=True),
    ],
)
def test_a_view_that_lies_in_no_block_is_an_error_and_reads_no_other_memory(view: View) -> None:
    blocks, data = [Block(-1, 16)], b"\0" * 16
    assert LentBlocks().receive(blocks, data, PLAIN).tolist() == [0, 0]  # type: ignore[union-attr]
    with pytest.raises((LookupError, TypeError, ValueError, OverflowError)):
        LentBlocks().receive(blocks, data, view)


def test_bytes_that_are_missing_are_an_error() -> None:
    with pytest.raises(ValueError, match="buffer"):
        LentBlocks().receive([Block(-1, 16)], b"\0" * 8, PLAIN)
