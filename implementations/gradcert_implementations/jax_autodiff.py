"""JAX: only the loss is written, ``jax.grad`` differentiates it.

The loss is that of ``optax.softmax_cross_entropy`` without masked terms, from
``jax.nn.log_softmax``, https://docs.jax.dev/en/latest/_autosummary/jax.nn.log_softmax.html
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from gradcert_implementations.interface import Array, Implementation, Strides
from gradcert_implementations.jax_losses import functions_for
from gradcert_implementations.names import FORMAT_NAMES

__all__ = ["gradient", "implementation", "jacobian", "loss", "loss_by_probability", "softmax"]


def _loss_of_rows(z: jax.Array, t: jax.Array) -> jax.Array:
    return -jnp.where(t == 0, 0, t * jax.nn.log_softmax(z)).sum(-1)


_softmax = jax.jit(jax.nn.softmax)
_loss = jax.jit(_loss_of_rows)
_gradient = jax.jit(jax.grad(lambda z, t, g: (g * _loss_of_rows(z, t)).sum()))
_loss_by_probability = jax.jit(jax.grad(lambda o, t: -(t * jnp.log(o)).sum()))
_jacobian = jax.jit(jax.vmap(jax.jacrev(jax.nn.softmax)))


def _call(function: Callable[..., jax.Array], *arrays: Array) -> Array:
    """Call with 64-bit types enabled. The result is copied: the arrays of jax are read-only."""
    with jax.enable_x64(True):
        return np.array(function(*arrays))


def softmax(logits: Array) -> Array:
    """Return ``jax.nn.softmax``."""
    return _call(_softmax, logits)


def loss(logits: Array, targets: Array) -> Array:
    """Return the cross-entropy of each row."""
    return _call(_loss, logits, targets)


def loss_by_probability(probabilities: Array, targets: Array) -> Array:
    """Return the gradient of ``-(t * log(o)).sum()`` by o."""
    return _call(_loss_by_probability, probabilities, targets)


def jacobian(logits: Array) -> Array:
    """Return ``jax.jacrev`` of ``jax.nn.softmax``, row by row."""
    return _call(_jacobian, logits)


def gradient(logits: Array, targets: Array, upstream: "Array | None" = None) -> Array:
    """Return the gradient of each row's cross-entropy by its logits, times the upstream one."""
    g = np.ones(len(logits), logits.dtype) if upstream is None else upstream
    return _call(_gradient, logits, targets, g)


implementation = Implementation(
    name="jax",
    functions={
        "softmax": softmax,
        "loss": loss,
        "dE/do": loss_by_probability,
        "do/dz": jacobian,
        "dE/dz": gradient,
    },
    formats=FORMAT_NAMES,
    library="jax",
    device=jax.default_backend(),
    compiles_per_shape=True,
    strides=Strides.NONE,
    takes_upstream=True,
    functions_for=functions_for,
)
