"""The value of a loss that sums or averages its rows: right ones conform, mistakes do not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcert
from gradcert_implementations import Array, Domain, Implementation, Loss
from gradcert_reports import Certificate

SUM = Loss(reduction="sum", ignore_index=-100)  # type: ignore[arg-type]
MEAN = Loss(
    reduction="mean",  # type: ignore[arg-type]
    mean_over="kept",  # type: ignore[arg-type]
    ignore_index=-100,
)


def values(z: Array, t: Array) -> Array:
    """Return the loss of each row; that of an ignored row is zero."""
    shifted = z - z.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    result: Array = np.where(t != 0, t * (log_sum - np.where(t != 0, shifted, 0)), 0.0).sum(axis=1)
    return result


def sum_of_values(z: Array, t: Array) -> Array:
    return np.asarray(values(z, t).sum())


def mean_of_values(z: Array, t: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(values(z, t).sum() / np.count_nonzero(t))


def mean_of_all_values(z: Array, t: Array) -> Array:
    return np.asarray(values(z, t).sum() / max(1, len(z)))


def half_the_sum(z: Array, t: Array) -> Array:
    return sum_of_values(z, t) / 2


def certified(value: Callable[..., Any], loss: Loss) -> Certificate:
    subject = Implementation(
        name="mine",
        functions={"loss": value},
        formats=("binary64",),
        loss=loss,
        domain=Domain(targets="index"),
    )
    return gradcert.certify(subject, max_examples=10, effort="quick")


def _refuting(found: Certificate) -> set[str]:
    return {result.check for result in found.refutations}


@pytest.mark.parametrize(("value", "loss"), [(sum_of_values, SUM), (mean_of_values, MEAN)])
def test_a_right_value_of_a_reduced_loss_conforms(value: Callable[..., Any], loss: Loss) -> None:
    found = certified(value, loss)
    assert found.verdict == "conforms", found.refutations


@pytest.mark.parametrize(
    ("value", "loss"),
    [
        (half_the_sum, SUM),
        (mean_of_values, SUM),
        (sum_of_values, MEAN),
        (mean_of_all_values, MEAN),
        (lambda z, t: -mean_of_values(z, t), MEAN),
    ],
)
def test_a_wrong_value_of_a_reduced_loss_is_refuted(value: Callable[..., Any], loss: Loss) -> None:
    assert "accuracy" in _refuting(certified(value, loss))


@pytest.mark.parametrize("loss", [SUM, MEAN], ids=["sum", "mean"])
def test_a_value_that_leaves_out_rows_with_a_nan_is_refuted(loss: Loss) -> None:
    def of_numbers(z: Array, t: Array) -> Array:
        with np.errstate(all="ignore"):
            total = np.nansum(values(z, t))
            return np.asarray(total / np.count_nonzero(t) if loss.reduction == "mean" else total)

    assert _refuting(certified(of_numbers, loss)) == {"nan-stays-in-its-row"}


def test_one_value_for_each_row_is_no_value_of_a_reduced_loss() -> None:
    assert certified(values, SUM).verdict == "broken"
