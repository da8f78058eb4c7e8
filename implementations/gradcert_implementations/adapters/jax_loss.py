"""A JAX loss, differentiated by ``jax.vjp``."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from gradcert_implementations.adapters.conventions import (
    class_indices,
    declared,
    has_shape_of_a_loss,
    is_mean,
    of_a_loss,
)
from gradcert_implementations.interface import Array, Function, Implementation

__all__ = ["from_jax"]


def from_jax(
    loss: Callable[..., Any],
    *,
    quantities: Sequence[str] = (),
    formats: Sequence[str] = (),
    targets: str = "probability",
    device: str = "",
    jit: bool = True,
) -> Implementation:
    """Return the implementation that a JAX loss is; ``jax.vjp`` gives its gradient.

    Parameters
    ----------
    loss
        ``(logits, targets) -> loss``, with or without a ``jax.custom_vjp``. Logits are (B, n);
        targets too, or for ``targets="index"`` class indices (B,) as int64. The loss is one value a
        row, or the rows' sum or mean: which of the two is found out by asking it about two equal
        rows.
    quantities
        dE/dz unless told; dE/do for a loss of probabilities, ``loss`` where it is one value a row.
    formats, targets
        What it is meant for: binary64 and binary32 on probabilities unless told. 64-bit types are
        enabled for each call.
    device
        Where to compute, as ``jax.devices`` names it; JAX's default unless told.
    jit
        Whether to compile it, anew for each shape.

    Raises
    ------
    ValueError
        For a device that cannot be used, another quantity, or an unknown name.

    Examples
    --------
    >>> mine = from_jax(lambda z, t: -(t * jax.nn.log_softmax(z)).sum(axis=-1).mean())
    >>> mine.functions["dE/dz"](np.zeros((2, 2)), np.eye(2))
    array([[-0.5,  0.5],
           [ 0.5, -0.5]])
    """
    try:
        place = jax.devices(device or None)[0]
    except RuntimeError as error:
        said = " ".join(str(error).split())
        raise ValueError(f"the device {device!r} cannot be used: {said}") from error

    def slope(z: jax.Array, t: jax.Array, weight: jax.Array) -> jax.Array:
        total, back = jax.vjp(lambda logits: loss(logits, t), z)
        has_shape_of_a_loss(total.shape, len(z))
        gradient: jax.Array = back(jnp.full_like(total, weight))[0]
        return gradient

    value_of = jax.jit(loss) if jit else loss
    slope_of = jax.jit(slope) if jit else slope

    def operands(logits: Array, rows: Array) -> tuple[jax.Array, jax.Array]:
        second = class_indices(rows) if targets == "index" else rows
        return jax.device_put(logits, place), jax.device_put(second, place)

    def value(logits: Array, rows: Array) -> Array:
        with jax.enable_x64(True):
            # A copy, for jax's own arrays are read-only.
            return np.array(value_of(*operands(logits, rows)))

    @functools.cache
    def averages(dtype: np.dtype[Any]) -> bool:
        """Tell whether the loss is a scalar, and a mean."""
        pair = np.zeros((2, 2), dtype)
        if jax.eval_shape(loss, *operands(pair, pair)).shape:
            return False
        return is_mean(lambda *two: float(value(*two)), dtype)

    def gradient(logits: Array, rows: Array) -> Array:
        with jax.enable_x64(True):
            weight = len(rows) if averages(logits.dtype) else 1
            return np.array(slope_of(*operands(logits, rows), weight))

    functions: dict[str, Function] = {"dE/dz": gradient, "dE/do": gradient, "loss": value}
    return declared(
        loss,
        of_a_loss(functions, quantities),
        formats=formats,
        targets=targets,
        library="jax",
        device=place.platform,
        adapter="jax:",
    )
