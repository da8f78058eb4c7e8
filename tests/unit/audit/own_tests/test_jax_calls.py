"""A JAX function whose gradient is made wrong, under each transformation."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcert.audit.own_tests.calls import wrapped
from gradcert.audit.own_tests.label_mutants import ALL_MUTANTS
from gradcert.audit.own_tests.mutating import Mutating

jax = pytest.importorskip("jax")
jnp = jax.numpy

LABELS = np.array([0, 2, 1, 1])
Z = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)


def _losses(z: Any, y: Any, scale: float = 1.0) -> Any:
    rows = jax.nn.logsumexp(z, -1) - jnp.take_along_axis(z, y[:, None], -1)[:, 0]
    return scale * rows


def _mutated(function: Callable[..., Any], name: str | None) -> tuple[Any, Mutating]:
    mutating = Mutating(None if name is None else ALL_MUTANTS[name])
    return wrapped(function, mutating=mutating), mutating


RIGHT = jax.grad(lambda z: _losses(z, LABELS).sum())(Z)


@pytest.mark.parametrize("compile_", [lambda f: f, jax.jit], ids=["eager", "jit"])
def test_the_values_stay_and_the_gradient_changes(compile_: Callable[..., Any]) -> None:
    flipped, mutating = _mutated(_losses, "sign-flipped")
    call = compile_(jax.value_and_grad(lambda z, y: flipped(z, y, scale=2.0).sum()))
    value, slope = call(jnp.asarray(Z), LABELS)
    np.testing.assert_allclose(value, _losses(Z, LABELS, 2.0).sum(), rtol=1e-6)
    np.testing.assert_allclose(slope, -2 * RIGHT, rtol=1e-5)
    assert (mutating.tally.gradients, mutating.tally.changed) == (1, 1)


def test_a_call_that_is_not_differentiated_sees_its_own_arguments() -> None:
    def concrete(z: Any) -> Any:
        return z.sum() if z.sum() > 0 else -z.sum()

    flipped, mutating = _mutated(concrete, "sign-flipped")
    assert flipped(jnp.ones(3)) == 3
    np.testing.assert_array_equal(jax.grad(flipped)(jnp.ones(3)), -np.ones(3))
    assert (mutating.tally.calls, mutating.tally.gradients) == (2, 1)


def test_the_upstream_gradient_and_the_labels_are_known() -> None:
    upstream = jnp.array([2.0, 3.0, 4.0, 5.0])
    for name, want in (
        ("first-upstream-for-all", 2 * RIGHT),
        ("upstream-ignored", RIGHT),
        ("softmax-dropped", -upstream[:, None] * jax.nn.one_hot(LABELS, 3)),
    ):
        made, _ = _mutated(_losses, name)
        slope = jax.jit(jax.grad(lambda z, made=made: made(z, LABELS) @ upstream))(Z)
        np.testing.assert_allclose(slope, want, rtol=1e-5, atol=1e-6)


def test_under_vmap_the_examples_are_one_batch() -> None:
    def one(z: Any, y: Any) -> Any:
        return jax.nn.logsumexp(z) - z[y]

    rolled, mutating = _mutated(one, "next-row")
    slopes = jax.vmap(jax.grad(rolled))(jnp.asarray(Z), LABELS)
    np.testing.assert_allclose(slopes, np.roll(RIGHT, 1, axis=0), rtol=1e-5)
    dropped, _ = _mutated(one, "softmax-dropped")
    slopes = jax.jit(jax.vmap(jax.grad(dropped)))(jnp.asarray(Z), LABELS)
    np.testing.assert_allclose(slopes, -jax.nn.one_hot(LABELS, 3), atol=1e-6)
    assert mutating.tally.changed == 1


def test_only_the_gradient_that_is_asked_for_is_made_wrong() -> None:
    def weighted(z: Any, y: Any, weight: Any) -> Any:
        return (weight * _losses(z, y)).sum()

    flipped, mutating = _mutated(weighted, "sign-flipped")
    weight = jnp.ones(4)
    right = jax.grad(weighted, argnums=(0, 2))(Z, LABELS, weight)
    both = jax.grad(flipped, argnums=(0, 2))(Z, LABELS, weight)
    np.testing.assert_allclose(both[0], -right[0])
    np.testing.assert_allclose(both[1], right[1])
    alone = jax.grad(flipped, argnums=2)(Z, LABELS, weight)
    np.testing.assert_allclose(alone, -right[1])
    assert mutating.tally.changed == 2


def test_several_outputs_and_arrays_in_containers_work() -> None:
    def two(batch: Any) -> Any:
        losses = _losses(batch["logits"], batch["labels"])
        return losses.mean(), {"z": jax.nn.logsumexp(batch["logits"], -1)}

    flipped, _ = _mutated(two, "sign-flipped")
    labels = jnp.asarray(LABELS)
    call = jax.grad(lambda z: flipped({"logits": z, "labels": labels}), has_aux=True)
    slope, aux = call(jnp.asarray(Z))
    np.testing.assert_allclose(slope, -RIGHT / 4, rtol=1e-5)
    assert aux["z"].shape == (4,)


def test_what_jit_returns_keeps_its_methods() -> None:
    doubled, _ = _mutated(jax.jit(_losses, static_argnames="scale"), "doubled")
    slope = jax.grad(lambda z: doubled(z, LABELS, scale=1.0).sum())(jnp.asarray(Z))
    np.testing.assert_allclose(slope, 2 * RIGHT, rtol=1e-5)
    assert doubled.lower(Z, LABELS) is not None


def test_a_narrow_format_stays() -> None:
    halved, _ = _mutated(_losses, "halved")
    slope = jax.grad(lambda z: halved(z, LABELS).sum())(jnp.asarray(Z, jnp.bfloat16))
    assert slope.dtype == jnp.bfloat16
