"""What a subject is called with: which upstream gradients, in which memory, and which ignored rows.

A subject notes its arguments while it is certified.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcert
from gradcert_implementations import Array
from gradcert_implementations.adapters.numpy_function import from_numpy

Seen = list[tuple[Array, tuple[int, ...], Array]]
"""The labels, the strides of the upstream gradient in items, and its numbers, of each call."""


@functools.cache
def asked(ignored: int, *, mean: bool = False) -> Seen:
    """Return what a right subject is called with while it is certified."""
    seen: Seen = []
    loss: dict[str, Any] = {"ignore_index": ignored}
    if mean:
        loss |= {"reduction": "mean", "mean_over": "kept"}

    def noting(z: Array, labels: Array, g: Array) -> Any:
        strides = tuple(stride // g.itemsize for stride in g.strides)
        seen.append((labels.copy(), strides, g.astype(np.float64)))
        kept = labels != ignored
        powers = np.exp(z - z.max(axis=1, keepdims=True))
        slopes = powers / powers.sum(axis=1, keepdims=True)
        slopes[kept, labels[kept]] -= 1
        slopes[~kept] = 0
        return slopes * (g / max(1, int(kept.sum())) if mean else g[:, None])

    subject = from_numpy(noting, targets="index", formats=["fp32"], loss=loss)
    found = gradcert.certify(subject, max_examples=40)
    assert found.verdict == "conforms"
    return seen


KINDS: dict[str, Callable[[Array], Any]] = {
    "ones": lambda g: (g == 1).all(),
    "negative": lambda g: (g < 0).all(),
    "zero": lambda g: (g == 0).all(),
    "tiny": lambda g: (g != 0).all() and np.abs(g).max() < 1e-3,
    "huge": lambda g: np.abs(g).min() > 1e30,
}


@pytest.mark.parametrize("kind", KINDS)
def test_upstream_gradients_are_ones_negative_zero_tiny_and_huge(kind: str) -> None:
    for seen in (asked(-100), asked(-100, mean=True)):
        assert sum(bool(KINDS[kind](g)) for _, _, g in seen if g.size) > 3


def test_upstream_gradients_are_unlike_from_row_to_row() -> None:
    assert sum(len({*g.tolist()}) > 2 for _, _, g in asked(-100)) > 9


def test_where_there_is_a_reduction_one_number_is_for_all_rows() -> None:
    assert all(g.shape == () for _, _, g in asked(-100, mean=True))
    assert all(g.shape == labels.shape for labels, _, g in asked(-100))


def test_upstream_gradients_are_handed_over_dense_expanded_and_strided() -> None:
    found = {s for labels, s, g in asked(-100) if len(labels) > 1 and (g != 1).any()}
    assert {(1,), (0,), (2,)} <= found


@pytest.mark.parametrize("ignored", [-100, 0])
def test_no_row_some_all_but_one_and_all_rows_are_ignored(ignored: int) -> None:
    """The label -100, and an ignored class that is valid."""
    for seen in (asked(ignored), asked(ignored, mean=True)):
        counts = [((labels == ignored).sum(), len(labels)) for labels, _, _ in seen]
        several = [(hidden, rows) for hidden, rows in counts if rows > 2]
        assert any(hidden == 0 for hidden, _ in several)
        assert any(hidden == rows for hidden, rows in several)
        assert any(hidden == rows - 1 for hidden, rows in several)
        assert any(0 < hidden < rows - 1 for hidden, rows in several)


def test_no_label_is_below_zero_but_that_of_ignored_rows() -> None:
    assert all((labels >= 0).all() for labels, _, _ in asked(0))
    assert all(((labels >= 0) | (labels == -100)).all() for labels, _, _ in asked(-100))
