"""Arrays written as Python are the same bit by bit when the Python is run, and short."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from gradcert.engine.written_arrays import array_lines
from gradcert_implementations import Array

DTYPES = {
    "binary64": (np.dtype(np.float64), '"float64"'),
    "binary32": (np.dtype(np.float32), '"float32"'),
    "binary16": (np.dtype(np.float16), '"float16"'),
    "bfloat16": (np.dtype(ml_dtypes.bfloat16), "ml_dtypes.bfloat16"),
}
SPECIAL = (0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -2.5, 2.0**-24)


def _run(lines: list[str]) -> dict[str, Any]:
    names: dict[str, Any] = {}
    imports = "import base64, zlib, ml_dtypes\nimport numpy as np\n"
    exec(imports + "\n".join(lines), names)
    return names


def _check(given_arrays: dict[str, Array], dtype: str) -> str:
    lines = array_lines(given_arrays, dtype)
    again = _run(lines)
    for name, array in given_arrays.items():
        found = again[name]
        assert (found.dtype, found.shape) == (array.dtype, array.shape)
        assert found.flags.writeable
        assert found.flags.c_contiguous
        assert found.tobytes() == array.tobytes()
    return "\n".join(lines)


@pytest.mark.parametrize("format", DTYPES)
@settings(max_examples=20, deadline=None, database=None)
@given(data=st.data())
def test_the_lines_build_the_same_arrays_bit_by_bit(format: str, data: st.DataObject) -> None:
    dtype, name = DTYPES[format]
    shape = data.draw(array_shapes(min_dims=2, max_dims=2, max_side=50))
    several = st.sampled_from(SPECIAL) | st.sampled_from(range(300)).map(float)
    pair = [data.draw(arrays(np.float64, shape, elements=several)) for _ in range(2)]
    logits, targets = (array.astype(dtype) for array in pair)
    _check({"logits": logits, "targets": targets}, name)


GENERATOR = np.random.default_rng(7)
PALETTE = GENERATOR.normal(size=24) * 10
SPARSE = np.zeros((1, 131073))
SPARSE[0, [1024, 4096]] = 3, -np.inf
UNLIKE = GENERATOR.normal(size=(48, 3))
DEALT = GENERATOR.integers(48, size=65537)
REPEATED = np.resize(np.arange(3), 65537)


@pytest.mark.parametrize("format", DTYPES)
@pytest.mark.parametrize(
    ("logits", "targets", "most"),
    [
        (SPARSE, SPARSE, 400),
        (PALETTE[GENERATOR.integers(24, size=(1, 131073))], SPARSE, 150_000),
        (UNLIKE[DEALT], np.eye(3)[DEALT % 3], 90_000),
        (UNLIKE[REPEATED], np.eye(3)[REPEATED], 1000),
        (np.tile(PALETTE, 200)[np.newaxis], np.eye(4800)[:1], 1500),
    ],
    ids=["sparse", "palette", "dealt rows", "repeated rows", "period"],
)
def test_large_arrays_are_short_and_the_same(
    format: str, logits: Array, targets: Array, most: int
) -> None:
    dtype, name = DTYPES[format]
    pair = {"logits": logits.astype(dtype), "targets": targets.astype(dtype)}
    text = _check(pair, name)
    assert len(text) <= most
    assert max(map(len, text.splitlines())) < 4096  # A terminal takes no longer line.


def test_arrays_of_many_numbers_are_the_same_though_they_are_long() -> None:
    many = GENERATOR.normal(size=(300, 9)).astype(np.float32)
    assert "zlib" in _check({"logits": many, "targets": many**2}, '"float32"')


def test_what_a_reader_can_look_through_is_not_packed() -> None:
    row = np.zeros((1, 4097))
    row[0, :30] = np.arange(30)
    text = _check({"logits": row}, '"float64"')
    assert "zlib" not in text
    assert "logits.flat[[29]] = 29.0" in text


def test_equal_rows_of_a_batch_are_written_once() -> None:
    logits = UNLIKE[DEALT]
    lines = array_lines({"logits": logits, "targets": np.eye(3)[DEALT % 3]}, '"float64"')
    assert "logits = logits[rows]" in lines
    assert "targets = targets[rows]" in lines
    assert sum(line.startswith("rows = ") for line in lines) == 1
