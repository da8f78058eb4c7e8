"""Mistakes in a backward, a Hessian or the gradient by targets are named, by another hand too."""

from collections.abc import Callable

import numpy as np
import pytest
from diagnosis_subjects import diagnosis, softmax

from gradcert_implementations import Array, QuantityName


def by_the_diagonal(z: Array, v: Array) -> Array:
    return np.subtract(softmax(z) * v, np.square(softmax(z)) * v)


def outputs_times_v(z: Array, v: Array) -> Array:
    return np.multiply(softmax(z), v)


def with_a_mean(z: Array, v: Array) -> Array:
    weighted = softmax(z) * v
    return weighted - softmax(z) * np.mean(weighted, axis=1)[:, None]


def with_the_rule_of_log_softmax(z: Array, v: Array) -> Array:
    return v - np.add.reduce(v, axis=1)[:, None] * softmax(z)


def with_the_rule_of_softmax(z: Array, v: Array) -> Array:
    weighted = softmax(z) * v
    return weighted - softmax(z) * np.add.reduce(weighted, axis=1)[:, None]


def with_the_first_v(z: Array, v: Array) -> Array:
    return with_the_rule_of_log_softmax(z, np.broadcast_to(v[0], v.shape)) if len(v) else v


def without_the_sum_of_targets(z: Array, _t: Array, v: Array) -> Array:
    return with_the_rule_of_softmax(z, v)


def of_twice_the_diagonal(z: Array, t: Array, v: Array) -> Array:
    return np.add.reduce(t, axis=1)[:, None] * 2 * by_the_diagonal(z, v)


def of_a_constant(z: Array, _t: Array, v: Array) -> Array:
    return np.zeros_like(z + v)


def twice(z: Array, t: Array, v: Array) -> Array:
    return np.add.reduce(t, axis=1)[:, None] * 2 * with_the_rule_of_softmax(z, v)


def where_there_is_a_target(z: Array, t: Array) -> Array:
    return np.where(t != 0, logarithms(z) * -1, np.zeros_like(t))


def logarithms(z: Array) -> Array:
    y = z - np.amax(z, axis=1)[:, None]
    return y - np.log(np.add.reduce(np.exp(y), axis=1))[:, None]


def logarithms_of_probabilities(z: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.log(softmax(z))


BY_ANOTHER_HAND: list[tuple[str, QuantityName, Callable[..., Array]]] = [
    ("diagonal-jacobian", "softmax-backward", by_the_diagonal),
    ("row-sum-missing", "softmax-backward", outputs_times_v),
    ("row-mean-for-row-sum", "softmax-backward", with_a_mean),
    ("log-softmax-backward-for-softmax", "softmax-backward", with_the_rule_of_log_softmax),
    ("softmax-backward-for-log-softmax", "log-softmax-backward", with_the_rule_of_softmax),
    ("first-row-of-v-for-all", "log-softmax-backward", with_the_first_v),
    ("targets-assumed-to-sum-to-one", "hvp", without_the_sum_of_targets),
    ("hessian-diagonal-doubled", "hvp", of_twice_the_diagonal),
    ("hessian-zero", "hvp", of_a_constant),
    ("wrong-factor", "hvp", twice),
    ("target-gradient-masked", "dE/dt", where_there_is_a_target),
    ("log-of-softmax", "log-softmax", logarithms_of_probabilities),
]


@pytest.mark.parametrize(("flaw", "quantity", "function"), BY_ANOTHER_HAND)
def test_a_known_mistake_by_another_hand_is_named_and_explains_the_cases(
    flaw: str, quantity: QuantityName, function: Callable[..., Array]
) -> None:
    found = diagnosis(function, quantity, targets="any")
    assert found.matches[0].flaw == flaw
    assert 10 * found.matches[0].explains >= 9 * found.cases
