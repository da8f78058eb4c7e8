"""JAX: only the loss is written, ``jax.grad`` differentiates it.

The loss is that of ``optax.softmax_cross_entropy`` without masked terms, from
``jax.nn.log_softmax``, https://docs.jax.dev/en/latest/_autosummary/jax.nn.log_softmax.html

The backward of ``jax.nn.softmax`` divides by the square of the sum of the powers, which binary16
cannot hold for 256 equal logits. So the backwards and the Hessian of 16-bit arrays are computed in
binary32.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from gradcert_implementations.interface import Array, Implementation, Strides
from gradcert_implementations.jax_losses import functions_for
from gradcert_implementations.names import FORMAT_NAMES

__all__ = [
    "gradient",
    "hessian_vector_product",
    "implementation",
    "jacobian",
    "log_softmax",
    "log_softmax_backward",
    "loss",
    "loss_by_probability",
    "softmax",
    "softmax_backward",
    "target_gradient",
]


def _loss_of_rows(z: jax.Array, t: jax.Array) -> jax.Array:
    return -jnp.where(t == 0, 0, t * jax.nn.log_softmax(z)).sum(-1)


_softmax = jax.jit(jax.nn.softmax)
_loss = jax.jit(_loss_of_rows)
_gradient = jax.jit(jax.grad(lambda z, t, g: (g * _loss_of_rows(z, t)).sum()))
_loss_by_probability = jax.jit(jax.grad(lambda o, t: -(t * jnp.log(o)).sum()))
_jacobian = jax.jit(jax.vmap(jax.jacrev(jax.nn.softmax)))


def _wide(array: jax.Array) -> jax.Array:
    return array.astype(jnp.float32) if array.dtype.itemsize == 2 else array


def _backward(function: Callable[[jax.Array], jax.Array]) -> Callable[..., jax.Array]:
    """Return the function of z and v that is the backward of a function of z."""
    return lambda z, v: jax.vjp(lambda one: function(_wide(one)), z)[1](_wide(v))[0]


def _hessian_vector_product(z: jax.Array, t: jax.Array, v: jax.Array) -> jax.Array:
    gradient = jax.grad(lambda one: _loss_of_rows(one, _wide(t)).sum())
    return jax.jvp(gradient, (_wide(z),), (_wide(v),))[1].astype(z.dtype)


_log_softmax = jax.jit(jax.nn.log_softmax)
_softmax_backward = jax.jit(_backward(jax.nn.softmax))
_log_softmax_backward = jax.jit(_backward(jax.nn.log_softmax))
_product = jax.jit(_hessian_vector_product)
_target_gradient = jax.jit(jax.grad(lambda t, z: -(t * jax.nn.log_softmax(z)).sum()))


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


def log_softmax(logits: Array) -> Array:
    """Return ``jax.nn.log_softmax``."""
    return _call(_log_softmax, logits)


def softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``jax.vjp`` of ``jax.nn.softmax``."""
    return _call(_softmax_backward, logits, v)


def log_softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``jax.vjp`` of ``jax.nn.log_softmax``."""
    return _call(_log_softmax_backward, logits, v)


def hessian_vector_product(logits: Array, targets: Array, v: Array) -> Array:
    """Return ``jax.jvp`` of ``jax.grad`` of the loss, along v."""
    return _call(_product, logits, targets, v)


def target_gradient(logits: Array, targets: Array) -> Array:
    """Return the gradient of ``-(t * log_softmax(z)).sum()`` by t."""
    return _call(_target_gradient, targets, logits)


implementation = Implementation(
    name="jax",
    functions={
        "softmax": softmax,
        "loss": loss,
        "dE/do": loss_by_probability,
        "do/dz": jacobian,
        "dE/dz": gradient,
        "log-softmax": log_softmax,
        "softmax-backward": softmax_backward,
        "log-softmax-backward": log_softmax_backward,
        "hvp": hessian_vector_product,
        "dE/dt": target_gradient,
    },
    formats=FORMAT_NAMES,
    library="jax",
    device=jax.default_backend(),
    compiles_per_shape=True,
    strides=Strides.NONE,
    takes_upstream=True,
    functions_for=functions_for,
)
