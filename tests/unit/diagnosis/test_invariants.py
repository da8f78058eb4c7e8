"""A right answer keeps every invariant, and a wrong one breaks those that it should."""

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from diagnosis_subjects import raising, scaled, unshifted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from subjects import case_of, claim_of, right

from gradcert.core.case import Case
from gradcert.core.claim import Claim, claims_of
from gradcert.diagnosis.invariants import broken_invariants, permutation, shift, sum_to_zero
from gradcert.generation.sizes import Size
from gradcert.generation.strategies import cases
from gradcert_implementations import (
    FORMAT_NAMES,
    QUANTITY_NAMES,
    Array,
    FormatName,
    Implementation,
    Loss,
    QuantityName,
    load,
)
from gradcert_oracle import FORMATS, quantity_of

INVARIANTS: dict[str, tuple[Callable[[Claim, Case], bool], tuple[QuantityName, ...]]] = {
    "sum_to_zero": (sum_to_zero, ("dE/dz",)),
    "shift": (shift, ("softmax", "loss", "do/dz", "dE/dz")),
    "permutation": (permutation, QUANTITY_NAMES),
}
PAIRS = [(name, quantity) for name, (_, several) in INVARIANTS.items() for quantity in several]


@pytest.mark.parametrize("format", FORMAT_NAMES)
@pytest.mark.parametrize(("name", "quantity"), PAIRS)
@given(data=st.data())
@settings(
    max_examples=15, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
def test_a_right_answer_keeps_every_invariant(
    name: str, quantity: QuantityName, format: FormatName, data: st.DataObject
) -> None:
    claim = Claim(load("numpy"), quantity_of(quantity), FORMATS[format])
    strategy = cases(claim, size=Size.SMALL, below=16)
    assert strategy is not None
    assert INVARIANTS[name][0](claim, data.draw(strategy))


THREE = case_of([[1.0, -2.0, 0.5]], [[0.25, 0.5, 0.25]])


def at_the_target_only(z: Array, t: Array) -> Array:
    return np.where(t > 0.3, right(z, t), 0)


def growing_with_the_offset(z: Array, t: Array) -> Array:
    result: Array = right(z, t) * (1 + 1e-9 * np.amax(z, axis=1)[:, None])
    return result


def doubled_in_the_first_class(z: Array, t: Array) -> Array:
    factors = np.ones(z.shape[1])
    factors[0] = 2
    return right(z, t) * factors


FAILURES = {
    "sum_to_zero": "a row of the gradient does not sum to zero",
    "shift": "a common shift of the logits changes the answer",
    "permutation": "the order of classes matters",
}


@pytest.mark.parametrize(
    ("function", "broken"),
    [
        (at_the_target_only, {"sum_to_zero"}),
        (growing_with_the_offset, {"shift"}),
        (doubled_in_the_first_class, {"sum_to_zero", "permutation"}),
        (scaled, set()),
        (right, set()),
    ],
)
def test_an_invariant_is_broken_by_the_mistake_that_breaks_it_and_by_no_other(
    function: Callable[..., Array], broken: set[str]
) -> None:
    claim = claim_of(function)
    assert {name for name, (holds, _) in INVARIANTS.items() if not holds(claim, THREE)} == broken
    assert set(broken_invariants(claim, [THREE])) == {FAILURES[name] for name in broken}


def test_a_softmax_without_a_shift_overflows_after_a_common_shift() -> None:
    huge = case_of([[709.5, 0.0]], [[1.0, 0.0]])
    assert not shift(claim_of(unshifted), huge)
    assert shift(claim_of(right), huge)


def test_a_shift_that_rounds_the_logits_demands_nothing() -> None:
    assert shift(claim_of(growing_with_the_offset), case_of([[0.1, 1e4]], [[1.0, 0.0]]))


def test_answers_with_nan_at_the_same_classes_keep_the_order_of_classes() -> None:
    overflowing = case_of([[1000.0, 0.0, 0.0]], [[1.0, 0.0, 0.0]])
    assert permutation(claim_of(unshifted), overflowing)


def test_an_implementation_that_raises_breaks_no_invariant() -> None:
    assert broken_invariants(claim_of(raising), [THREE]) == []


def test_the_order_of_classes_may_matter_where_one_is_ignored() -> None:
    subject = load("numpy", quantities=["dE/dz"], targets="index", loss={"ignore_index": 0})
    assert permutation(next(claims_of(subject)), case_of([[1, 0, 2]], [[1, 0, 0]]))


@pytest.mark.parametrize("dtype", [np.float64, ml_dtypes.bfloat16])
def test_the_invariants_leave_the_case_as_it_was(dtype: Any) -> None:
    format = FORMATS["binary64" if dtype is np.float64 else "bfloat16"]
    given_case = case_of([[1.0, 0.0]], [[1.0, 0.0]], format)
    before = {name: array.copy() for name, array in given_case.arguments.items()}
    broken_invariants(Claim(load("numpy"), quantity_of("dE/dz"), format), [given_case])
    for name, array in before.items():
        assert (given_case[name] == array).all()


@pytest.mark.parametrize(
    "loss",
    [Loss(class_weights=[0.5, 2, 1]), Loss(z_loss=0.5), Loss(softcap=2)],
    ids=["class weights", "z-loss", "softcap"],
)
def test_an_option_of_the_loss_breaks_no_invariant_that_it_takes_away(loss: Loss) -> None:
    def gradient(z: Array, t: Array) -> Array:
        u = z if loss.softcap is None else loss.softcap * np.tanh(z / loss.softcap)
        slope = 1 if loss.softcap is None else 1 - np.tanh(z / loss.softcap) ** 2
        a = t * np.array(loss.weights(3) or 1.0)
        p = right(u, np.zeros_like(t))
        log_sum = np.log(np.exp(u).sum(axis=1, keepdims=True))
        weight = a.sum(axis=1, keepdims=True) + 2 * loss.z_loss * log_sum
        result: Array = slope * (weight * p - a)
        return result

    subject = Implementation(name="mine", functions={"dE/dz": gradient}, loss=loss)
    claim = Claim(subject, quantity_of("dE/dz"), FORMATS["binary64"])
    assert broken_invariants(claim, [THREE]) == []
