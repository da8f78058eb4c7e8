"""A numpy function whose answer is made wrong."""

from typing import Any, NamedTuple

import numpy as np
import pytest

from gradcert.audit.own_tests.calls import wrapped
from gradcert.audit.own_tests.label_mutants import ALL_MUTANTS
from gradcert.audit.own_tests.mutating import Mutating
from gradcert_implementations import Array

Z = np.random.default_rng(0).normal(size=(4, 3))
T = np.eye(3)[[0, 2, 1, 1]]


class Pair(NamedTuple):
    loss: Array
    slope: Array


def _gradient(z: Array, t: Array, g: "Array | None" = None) -> Array:
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return (p - t) * (1 if g is None else g[:, None])


def _mutated(function: Any, name: str) -> Any:
    return wrapped(function, mutating=Mutating(ALL_MUTANTS[name]))


def test_the_answer_is_made_wrong_and_keeps_its_layout() -> None:
    flipped = _mutated(lambda z, t: np.asfortranarray(_gradient(z, t)), "sign-flipped")
    made = flipped(Z, T)
    np.testing.assert_array_equal(made, -_gradient(Z, T))
    assert made.flags.f_contiguous


@pytest.mark.parametrize("kind", [Pair, lambda *pair: tuple(pair), lambda *pair: list(pair)])
def test_the_gradient_is_the_largest_array_of_an_answer(kind: Any) -> None:
    both = _mutated(lambda z, t: kind(np.ones(4), _gradient(z, t)), "doubled")
    answer = both(Z, T)
    assert type(answer) is type(kind(0, 0))
    np.testing.assert_array_equal(answer[0], np.ones(4))
    np.testing.assert_array_equal(answer[1], 2 * _gradient(Z, T))


def test_a_gradient_that_is_written_into_an_argument_is_made_wrong_there() -> None:
    def into(z: Array, t: Array) -> Array:
        z[...] = _gradient(z, t)
        return z

    z = Z.copy()
    made = _mutated(into, "softmax-dropped")(z, T)
    assert made is z
    np.testing.assert_allclose(z, -T, atol=1e-12)


def test_the_upstream_gradient_is_known_by_its_name() -> None:
    g = np.array([2.0, 3.0, 4.0, 5.0])
    made = _mutated(_gradient, "upstream-ignored")(Z, T, g)
    np.testing.assert_allclose(made, _gradient(Z, T))


@pytest.mark.parametrize("answer", [None, "text", 3, (), np.arange(3)])
def test_an_answer_without_floating_point_numbers_stays(answer: Any) -> None:
    assert _mutated(lambda: answer, "zero")() is answer
