"""The notes of a call outlive the process, and nothing in them is run."""

import os
import pickle
import tempfile
from collections.abc import Iterator

import ml_dtypes
import numpy as np
import pytest

from gradcert.isolation.protocol import call_began, last_arguments, note_call, note_return
from gradcert_implementations import Array


@pytest.fixture
def notes() -> Iterator[int]:
    with tempfile.TemporaryFile() as file:
        yield file.fileno()


@pytest.mark.parametrize("dtype", [np.float64, np.float16, ml_dtypes.bfloat16])
def test_the_arguments_of_the_last_call_come_back_bit_by_bit(notes: int, dtype: type) -> None:
    logits = np.array([[1.5, -np.inf], [np.nan, -0.0]]).astype(dtype)
    targets = np.asfortranarray(np.eye(2)).astype(dtype)
    note_call(notes, 3.5, (np.zeros((9, 9), dtype),))
    note_call(notes, 7.5, (logits, targets))
    assert call_began(notes) == 7.5
    found = last_arguments(notes)
    assert [array.dtype for array in found] == [logits.dtype, targets.dtype]
    assert [array.tobytes() for array in found] == [logits.tobytes(), targets.tobytes()]
    note_return(notes)
    assert call_began(notes) == 0
    assert len(last_arguments(notes)) == 2


@pytest.mark.parametrize("upstream", [np.array([0.5, -2.0, 3.0]), np.array(7.0), np.ones(0)])
def test_an_upstream_gradient_comes_back_in_its_shape_whatever_that_is(
    notes: int, upstream: Array
) -> None:
    rows = np.ones((upstream.size, 2))
    note_call(notes, 1.0, (rows, rows, upstream))
    *_, found = last_arguments(notes)
    assert found.shape == upstream.shape
    assert found.tobytes() == upstream.tobytes()


def test_before_the_first_call_there_are_no_arguments(notes: int) -> None:
    assert (call_began(notes), last_arguments(notes)) == (0, ())


class Exploit:
    """What runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (66,)


@pytest.mark.parametrize(
    "garbage",
    [
        pickle.dumps(Exploit()),
        b"\n",
        b"\xff" * 100,
        b'{"dtypes": ["float64"], "shapes": [[2, 2]]}\nshort',
        b'{"dtypes": ["float64"], "shapes": [[2]]}\n12345678',
        b'{"dtypes": ["float64"], "shapes": [1]}\n12345678',
        b'{"dtypes": ["float64"], "shapes": [[-1]]}\n12345678',
        b'{"dtypes": ["float64"], "shapes": [[]]}\nshort',
        b'{"dtypes": ["no such dtype"], "shapes": [[1, 1]]}\n12345678',
        b'{"dtypes": ["object"], "shapes": [[1, 1]]}\n12345678',
        b'{"dtypes": ["float64"], "shapes": [[-1, 1]]}\n12345678',
        b'{"dtypes": ["float64"], "shapes": [[4611686018427387904, 8]]}\n12345678',
        b'{"dtypes": ["float64"], "shapes": [[18446744073709551615, 9]]}\n12345678',
        b'{"dtypes": ["float64", "float64"], "shapes": [[1, 1]]}\n12345678',
        b'{"dtypes": "float64", "shapes": 1}\n12345678',
    ],
)
def test_notes_that_a_subject_wrote_are_no_arguments_and_run_nothing(
    notes: int, garbage: bytes
) -> None:
    os.pwrite(notes, garbage, 8)
    assert last_arguments(notes) == ()


def test_a_time_that_was_cut_short_is_no_time(notes: int) -> None:
    os.pwrite(notes, b"abc", 0)
    assert call_began(notes) == 0
