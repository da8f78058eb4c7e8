"""The contract of a function where an answer may be zero: no weight, no share, no rows."""

from typing import Any

import numpy as np
import pytest
from subjects import case_of, claim_of, right

from gradcert.checks.contract import empty_batch, nan_stays_in_its_row
from gradcert.core.case import Case, Regime
from gradcert.core.claim import Claim, claims_of
from gradcert.core.evidence import Refuted
from gradcert_implementations import Array, Domain, Implementation, Loss, load

THREE = case_of([[0, 1], [1, 0], [2, 2]], [[1, 0], [0, 1], [0, 1]])
"""The label of the first row is the first class."""


def _claim(subject: Implementation) -> Claim:
    (claim,) = claims_of(subject)
    return claim


def _weighted(name: str, **loss: Any) -> Claim:
    """Return the claim of a built-in with a class weight of zero for the first of two classes."""
    pytest.importorskip(name)
    return _claim(
        load(
            name,
            quantities=["dE/dz"],
            formats=["binary64"],
            loss=Loss(class_weights=(0, 1), **loss),
            domain=Domain(targets="index"),
        )
    )


@pytest.mark.parametrize("name", ["numpy", "torch"])
def test_where_a_mean_divides_by_zero_no_row_has_to_pass_a_nan_on(name: str) -> None:
    zero = {"reduction": "mean", "mean_over": "weights", "nothing_kept_gradient": "zero"}
    nan_stays_in_its_row(_weighted(name, **zero), THREE.alone(0))


def _skipping(z: Array, t: Array, g: Array) -> Array:
    """Return zeros, unseen, where the upstream gradient is zero or the label has no weight."""
    factor = g * t[:, 1]
    return np.where(factor[:, None] != 0, right(z, t) * factor[:, None], 0)


def _of_skipping(loss: Loss) -> Claim:
    return _claim(
        Implementation(
            name="skipping",
            functions={"dE/dz": _skipping},
            formats=("binary64",),
            loss=loss,
            domain=Domain(targets="index"),
            takes_upstream=True,
        )
    )


def test_a_row_without_weight_or_upstream_gradient_does_not_have_to_pass_a_nan_on() -> None:
    upstream = np.array([1.0, 0.0, 1.0])
    case = Case(THREE.arguments, THREE.regimes, upstream)
    nan_stays_in_its_row(_of_skipping(Loss(class_weights=(0, 1))), case)


@pytest.mark.parametrize("option", [{"label_smoothing": 0.1}, {"z_loss": 0.1}])
def test_label_smoothing_and_a_z_loss_make_a_row_count_whatever_the_weight_of_its_label(
    option: dict[str, float],
) -> None:
    claim = _of_skipping(Loss(class_weights=(0, 1), **option))  # type: ignore[arg-type]
    with pytest.raises(Refuted, match="did not reach"):
        nan_stays_in_its_row(claim, THREE)


def test_where_only_targets_count_a_nan_stands_at_the_one_that_is_largest_in_size() -> None:
    def by_probability(o: Array, t: Array) -> Array:
        return np.where(t == 0, 0, -t / o)

    claim = claim_of(by_probability, "dE/do", targets="signed")
    rows = {"probabilities": np.array([[0.5, 0.5]]), "targets": np.array([[-1.0, 0.0]])}
    nan_stays_in_its_row(claim, Case(rows, (Regime("benign"),)))


def _empty_value(value: float, loss: Loss) -> Claim:
    """Return the claim of a reduced loss that has this value for no rows."""

    def reduced(z: Array, _t: Array) -> Array:
        return np.asarray(0.5 if len(z) else value)

    subject = Implementation(
        name="reduced", functions={"loss": reduced}, formats=("binary64",), loss=loss
    )
    return _claim(subject)


@pytest.mark.parametrize(
    ("value", "loss", "said"),
    [
        (-0.0, {"reduction": "sum"}, ""),
        (7.0, {"reduction": "sum"}, "loss is 7.0 for a batch of no rows; it should be zero"),
        (np.nan, {"reduction": "sum"}, "should be zero"),
        (np.nan, {"reduction": "mean"}, ""),
        (0.0, {"reduction": "mean"}, ""),
        (7.0, {"reduction": "mean"}, "should be nan or zero"),
        (np.nan, {"reduction": "mean", "nothing_kept_loss": "zero"}, "should be zero"),
        (0.0, {"reduction": "mean", "nothing_kept_loss": "nan"}, "should be nan"),
    ],
)
def test_a_reduced_loss_of_no_rows_is_zero_for_a_sum_and_what_the_loss_says_for_a_mean(
    value: float, loss: dict[str, Any], said: str
) -> None:
    claim = _empty_value(value, Loss(**loss))
    if not said:
        empty_batch(claim, THREE)
        return
    with pytest.raises(Refuted, match=said) as refuted:
        empty_batch(claim, THREE)
    assert refuted.value.evidence.case is THREE
    assert refuted.value.evidence.shown_by == ("f(*(a[:0] for a in args))",)
