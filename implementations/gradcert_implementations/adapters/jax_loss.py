"""A JAX loss, differentiated by ``jax.vjp``."""

import functools
from collections.abc import Callable
from typing import Any, Unpack

import jax
import jax.numpy as jnp
import numpy as np

from gradcert_implementations.adapters.conventions import (
    declared,
    is_mean,
    parts_of_a_mean,
    quantities_of_a_loss,
    require_shape_of_a_loss,
    rounded_to,
)
from gradcert_implementations.adapters.labels import class_indices
from gradcert_implementations.interface import (
    Array,
    Function,
    Implementation,
    Loss,
    Reduction,
    Strides,
)
from gradcert_implementations.names import printable
from gradcert_implementations.options import Options, OptionValues

__all__ = ["from_jax"]


def from_jax(
    subject: Callable[..., Any], *, jit: bool = True, **options: Unpack[OptionValues]
) -> Implementation:
    """Return the implementation of a JAX loss; ``jax.vjp`` computes its gradient.

    Parameters
    ----------
    subject
        ``(logits, targets) -> loss``, with or without a ``jax.custom_vjp``. Logits and targets have
        shape (B, n). With ``targets="index"`` the targets are class indices (B,), as int64; that of
        an ignored row is the ``ignore_index``. The loss is one value per row, or the sum or the
        mean over the rows.

        ``jax.vjp`` gets the upstream gradient g of the case, in the dtype of the loss: one number a
        row, or one for all if the loss that is claimed has a reduction. If the loss returns a sum
        or a mean, and no reduction is claimed, the loss of two equal rows shows which it is. Then
        its value is certified row by row, each in a batch of its own, and its gradient for rows
        that have one g together; the divisor of a mean is taken back by g. Such a mean over more
        rows than a quarter of the format's largest number is asked in parts. A loss in a wider
        dtype than the logits is rounded to theirs. 64-bit types are enabled for each call. The
        arrays of JAX have no strides, so no memory layout is asked.
    jit
        Whether to compile it, once for each shape. Then the plan of cases has fewer shapes for each
        claim.
    **options
        The fields of :class:`gradcert_implementations.Options`. By default its value ``loss`` and
        its gradient dE/dz are certified in binary64 and binary32, on probabilities and on JAX's
        default device. A loss of probabilities has the quantity dE/do. The device is a name that
        ``jax.devices`` takes.

    Raises
    ------
    ValueError
        For an unknown name, a device that cannot be used, or another quantity.

    Examples
    --------
    >>> mine = from_jax(lambda z, t: -(t * jax.nn.log_softmax(z)).sum(axis=-1).mean())
    >>> mine.functions["dE/dz"](np.zeros((2, 2)), np.eye(2))
    array([[-0.5,  0.5],
           [ 0.5, -0.5]])
    >>> mine.functions["loss"](np.zeros((2, 2)), np.eye(2))
    array([0.69314718, 0.69314718])
    """
    chosen = Options(**options)
    try:
        place = jax.devices(chosen.device)[0]
    except RuntimeError as error:
        reason = printable(str(error))
        raise ValueError(f"the device {chosen.device!r} cannot be used: {reason}") from error

    claimed = chosen.loss_over(Loss())
    reduced = claimed.reduction is not Reduction.NONE

    def slope(z: jax.Array, t: jax.Array, upstream: jax.Array) -> jax.Array:
        total, back = jax.vjp(lambda logits: subject(logits, t), z)
        require_shape_of_a_loss(total.shape, len(z))
        gradient: jax.Array = back(upstream.astype(total.dtype).reshape(total.shape))[0]
        return gradient

    def of_one_row(row: tuple[jax.Array, jax.Array]) -> jax.Array:
        # The sum and the mean over a batch of one row are the loss of that row.
        z, t = row
        one: jax.Array = subject(z[None], t[None]).reshape(())
        return one

    def of_each_row(z: jax.Array, t: jax.Array) -> jax.Array:
        total = subject(z, t)
        require_shape_of_a_loss(total.shape, len(z))
        if not total.shape and len(z) != 1 and jit:
            # A compiled loop over single rows, not jax.vmap, which would rewrite the loss.
            total = jax.lax.map(of_one_row, (z, t))
        elif not total.shape and len(z) != 1:
            total = jnp.array([of_one_row(row) for row in zip(z, t, strict=True)], total.dtype)
        return total.reshape(len(z))

    total_of = jax.jit(subject) if jit else subject
    value_of = total_of if reduced else jax.jit(of_each_row) if jit else of_each_row
    slope_of = jax.jit(slope) if jit else slope

    def operands(logits: Array, rows: Array) -> tuple[jax.Array, jax.Array]:
        by_index = chosen.targets == "index"
        second = class_indices(rows, claimed.ignore_index) if by_index else rows
        return jax.device_put(logits, place), jax.device_put(second, place)

    def value(logits: Array, rows: Array) -> Array:
        with jax.enable_x64(True):
            # The arrays of jax are read-only.
            return rounded_to(logits.dtype, np.array(value_of(*operands(logits, rows))))

    def scalar(logits: Array, rows: Array) -> float:
        return float(total_of(*operands(logits, rows)))

    @functools.cache
    def is_scalar(dtype: np.dtype[Any]) -> bool:
        pair = np.zeros((2, 2), dtype)
        return not jax.eval_shape(subject, *operands(pair, pair)).shape

    averages = functools.cache(functools.partial(is_mean, scalar))

    def slopes(logits: Array, rows: Array, upstream: Array) -> Array:
        # The mean and the sum over one row are equal. So its first call is not used up.
        if reduced or len(rows) < 2 or not is_scalar(logits.dtype):
            return np.array(slope_of(*operands(logits, rows), upstream))
        mean = averages(logits.dtype)
        parts = parts_of_a_mean(rows, upstream, averages=mean)
        if len(parts) == 1:
            weight = upstream[0] * (len(rows) if mean else 1)
            weight = np.asarray(weight, upstream.dtype)
            return np.array(slope_of(*operands(logits, rows), weight))
        result = np.empty_like(logits)
        for part in parts:
            result[part] = slopes(logits[part], rows[part], upstream[part])
        return result

    def gradient(logits: Array, rows: Array, upstream: "Array | None" = None) -> Array:
        ones = np.ones(() if reduced else len(logits), logits.dtype)
        with jax.enable_x64(True):
            return slopes(logits, rows, ones if upstream is None else upstream)

    functions: dict[str, Function] = {"dE/dz": gradient, "dE/do": gradient, "loss": value}
    return declared(
        subject,
        quantities_of_a_loss(functions, chosen),
        chosen,
        adapter="jax:",
        library="jax",
        device=place.platform,
        compiles_per_shape=jit,
        strides=Strides.NONE,
        takes_upstream=True,
    )
