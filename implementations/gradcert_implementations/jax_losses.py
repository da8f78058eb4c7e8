"""JAX: only the loss with its options is written, ``jax.grad`` differentiates it.

The loss is that of ``optax.softmax_cross_entropy`` and more, from ``jax.nn.log_softmax``. A target
of zero adds nothing. The 16-bit formats are computed in binary32.
https://optax.readthedocs.io/en/latest/api/losses.html
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

from gradcert_implementations.interface import (
    Array,
    Function,
    Loss,
    MeanOver,
    Reduction,
    SmoothingOver,
)
from gradcert_implementations.names import QuantityName

__all__ = ["functions_for"]


def _widened(array: jax.Array) -> jax.Array:
    return array.astype(jnp.float32) if array.dtype.itemsize == 2 else array


def _smoothed(loss: Loss, t: jax.Array) -> jax.Array:
    classes, each = t.shape[1], loss.label_smoothing
    if loss.smoothing_over is SmoothingOver.OTHERS:
        # The label has 1 - e, and each other class its part of e.
        return t * (1 - each) + (1 - t) * (each / (classes - 1))
    return t * (1 - each) + each / classes


def _divisor(over: MeanOver, t: jax.Array, w: jax.Array, kept: jax.Array) -> jax.Array:
    match over:
        case MeanOver.ROWS:
            counted = jnp.asarray(len(t))
        case MeanOver.KEPT:
            counted = kept.sum()
        case MeanOver.ELEMENTS:
            counted = jnp.asarray(t.size)
        case MeanOver.WEIGHTS:
            counted = jnp.where(kept, w[t.argmax(1)], 0).sum(dtype=jnp.float64)
    return counted.astype(t.dtype)


def _total(
    loss: Loss, logits: jax.Array, targets: jax.Array, weights: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Return the loss of each row or of the batch, and whether it is 0/0."""
    z, t, w = map(_widened, (logits, targets, weights))
    kept = jnp.ones(len(t), bool)
    if loss.ignore_index is not None:
        kept = t.any(1)
        z = jnp.where(kept[:, None], z, 0)
    divisor = z_divisor = jnp.ones((), t.dtype)
    if loss.reduction is Reduction.MEAN:
        divisor = _divisor(loss.mean_over, t, w, kept)
        z_divisor = _divisor(loss.z_loss_mean_over or loss.mean_over, t, w, kept)
    nothing = (divisor == 0) | (z_divisor == 0)
    u = z * loss.logit_scale
    if loss.softcap is not None:
        u = loss.softcap * jnp.tanh(u / loss.softcap)
    a = w * _smoothed(loss, t)
    rows = -jnp.where(a == 0, 0, a * jax.nn.log_softmax(u)).sum(1) / divisor
    if loss.z_loss:
        rows += loss.z_loss * jax.nn.logsumexp(u, axis=1) ** 2 / z_divisor
    rows = loss.multiplier * jnp.where(kept & ~nothing, rows, 0)
    total = rows if loss.reduction is Reduction.NONE else rows.sum()
    return total.astype(logits.dtype), nothing


def functions_for(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the value of a loss and its gradient; nothing for another output than the softmax.

    Examples
    --------
    >>> gradient = functions_for(Loss(label_smoothing=0.5, reduction="sum"))["dE/dz"]
    >>> gradient(np.zeros((1, 2)), np.array([[1.0, 0.0]]), np.array(4.0))
    array([[-1.,  1.]])
    """
    if loss.output != Loss.output:
        return {}

    def value(z: jax.Array, t: jax.Array, w: jax.Array) -> jax.Array:
        total, nothing = _total(loss, z, t, w)
        return jnp.where(nothing, loss.nothing_kept_loss.number, total)

    def gradient(z: jax.Array, t: jax.Array, w: jax.Array, g: jax.Array) -> jax.Array:
        def under(z: jax.Array) -> tuple[jax.Array, jax.Array]:
            total, nothing = _total(loss, z, t, w)
            return (g * total).sum(), nothing

        slopes, nothing = jax.grad(under, has_aux=True)(z)
        return jnp.where(nothing, loss.nothing_kept_gradient.number, slopes)

    compiled_value, compiled_gradient = jax.jit(value), jax.jit(gradient)

    def weights(like: Array) -> Array:
        given = loss.weights(like.shape[1]) or (1.0,) * like.shape[1]
        return np.array(given).astype(like.dtype)

    def value_of(logits: Array, targets: Array) -> Array:
        with jax.enable_x64(True):
            return np.array(compiled_value(logits, targets, weights(logits)))

    def gradient_of(logits: Array, targets: Array, upstream: "Array | None" = None) -> Array:
        ones = () if loss.reduction is not Reduction.NONE else (len(logits),)
        g = np.ones(ones, logits.dtype) if upstream is None else upstream
        with jax.enable_x64(True):
            return np.array(compiled_gradient(logits, targets, weights(logits), g))

    return {"loss": value_of, "dE/dz": gradient_of}
