"""Of rows that are equal in every byte of every batch, the first is found, and no other is lost."""

import ml_dtypes
import numpy as np
import pytest

from gradcert.core.unlike import unlike_rows


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", ml_dtypes.bfloat16])
def test_each_kind_of_rows_has_its_first_row_in_the_result(dtype: str) -> None:
    rng = np.random.default_rng(0)
    kinds = rng.normal(size=(48, 3)).astype(dtype)
    which = rng.integers(48, size=5000)
    first = np.sort(np.unique(which, return_index=True)[1])
    assert unlike_rows(kinds[which], kinds[which][:, 0]).tolist() == first.tolist()


def test_rows_that_differ_in_one_batch_only_are_unlike() -> None:
    same, other = np.zeros((4, 2)), np.zeros((4, 2, 2))
    other[2, 1, 1] = 5e-324
    assert unlike_rows(same, other).tolist() == [0, 2]
    assert unlike_rows(other, same).tolist() == [0, 2]


def test_zeros_at_the_end_and_the_sign_of_a_zero_count() -> None:
    rows = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, -0.0], [1.0, 0.0]])
    assert unlike_rows(rows).tolist() == [0, 1, 2, 3]


def test_rows_of_any_layout_are_compared() -> None:
    wide = np.arange(24.0).reshape(4, 6)
    wide[3] = wide[0]
    assert unlike_rows(wide[:, ::-2], np.broadcast_to(1.0, (4, 2))).tolist() == [0, 1, 2]
    assert unlike_rows(wide.T[:2].T, wide[:, 4:]).tolist() == [0, 1, 2]


@pytest.mark.parametrize("rows", [0, 1])
def test_there_may_be_no_other_row(rows: int) -> None:
    assert unlike_rows(np.zeros((rows, 2))).tolist() == list(range(rows))
