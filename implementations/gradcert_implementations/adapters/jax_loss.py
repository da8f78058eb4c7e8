"""A JAX loss, differentiated by ``jax.vjp``."""

import functools
import math
from collections.abc import Callable
from typing import Any, Unpack

import jax
import jax.numpy as jnp
import numpy as np

from gradcert_implementations.adapters.conventions import (
    Returned,
    declared,
    is_mean,
    parts_of_a_mean,
    quantities_of_a_loss,
    require_shape_of_a_loss,
    rounded_to,
)
from gradcert_implementations.adapters.folding import in_rows, leading, shaped
from gradcert_implementations.adapters.labels import class_indices
from gradcert_implementations.interface import (
    Array,
    Domain,
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
        shape (B, n), or the one that the layout of the domain says. With ``targets="index"`` the
        targets are class indices (B,), as int64; that of an ignored row is the ``ignore_index``.
        The loss is one value per row, or the sum or the mean over the rows. Of a tuple, the first
        counts, and the certificate says so.

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

    claimed, layout = chosen.loss_over(Loss()), chosen.domain_over(Domain()).layout
    reduced = claimed.reduction is not Reduction.NONE
    returned = Returned()

    def first(z: jax.Array, t: jax.Array) -> jax.Array:
        total: jax.Array = returned.first(subject(z, t))
        return total

    def loss(z: jax.Array, t: jax.Array) -> jax.Array:
        total = first(z, t)
        require_shape_of_a_loss(total.shape, math.prod(leading(z.shape, layout)))
        return total

    def slope(z: jax.Array, t: jax.Array, upstream: jax.Array) -> jax.Array:
        total, back = jax.vjp(lambda logits: loss(logits, t), z)
        if not upstream.size and not total.shape:
            upstream = jnp.ones_like(total)  # One number for all of no rows.
        gradient: jax.Array = back(upstream.astype(total.dtype).reshape(total.shape))[0]
        return gradient

    def of_one_row(row: tuple[jax.Array, jax.Array]) -> jax.Array:
        # The sum and the mean over a batch of one row are the loss of that row.
        z, t = row
        point = shaped(z[None], layout)
        target = shaped(t[None], layout) if t.ndim else t.reshape(leading(point.shape, layout))
        return loss(point, target).reshape(())

    def of_each_row(z: jax.Array, t: jax.Array) -> jax.Array:
        total, shape = loss(z, t), leading(z.shape, layout)
        if not total.shape and math.prod(shape) != 1:
            rows = in_rows(z, layout), t.ravel() if t.shape == shape else in_rows(t, layout)
            if jit:
                # A compiled loop over single rows, not jax.vmap, which would rewrite the loss.
                total = jax.lax.map(of_one_row, rows)
            else:
                total = jnp.array([of_one_row(row) for row in zip(*rows, strict=True)], total.dtype)
        return total.reshape(shape)

    total_of = jax.jit(loss) if jit else loss
    value_of = total_of if reduced else jax.jit(of_each_row) if jit else of_each_row
    slope_of = jax.jit(slope) if jit else slope

    def operands(logits: Array, targets: Array) -> tuple[jax.Array, jax.Array]:
        by_index = chosen.targets == "index"
        second = class_indices(targets, claimed.ignore_index, layout) if by_index else targets
        return jax.device_put(logits, place), jax.device_put(second, place)

    def value(logits: Array, targets: Array) -> Array:
        with jax.enable_x64(True):
            # The arrays of jax are read-only.
            return rounded_to(logits.dtype, np.array(value_of(*operands(logits, targets))))

    def scalar(logits: Array, rows: Array) -> float:
        return float(total_of(*operands(shaped(logits, layout), shaped(rows, layout))))

    @functools.cache
    def is_scalar(dtype: np.dtype[Any]) -> bool:
        pair = shaped(np.zeros((2, 2), dtype), layout)
        return not jax.eval_shape(first, *operands(pair, pair)).shape

    averages = functools.cache(functools.partial(is_mean, scalar))

    def slopes(logits: Array, targets: Array, upstream: Array) -> Array:
        # The mean and the sum over one row are equal. So its first call is not used up.
        if reduced or upstream.size < 2 or not is_scalar(logits.dtype):
            return np.array(slope_of(*operands(logits, targets), upstream))
        mean = averages(logits.dtype)
        rows, each = in_rows(targets, layout), upstream.ravel()
        alike = parts_of_a_mean(rows, each, averages=mean)
        if len(alike) == 1:
            weight = np.asarray(each[0] * (len(rows) if mean else 1), each.dtype)
            return np.array(slope_of(*operands(logits, targets), weight))
        points = in_rows(logits, layout)
        result = np.empty_like(points)
        for part in alike:
            point, target = shaped(points[part], layout), shaped(rows[part], layout)
            shape = leading(point.shape, layout)
            result[part] = in_rows(slopes(point, target, each[part].reshape(shape)), layout)
        answer: Array = shaped(result, layout)
        return answer

    def gradient(logits: Array, targets: Array, upstream: "Array | None" = None) -> Array:
        if upstream is None:
            upstream = np.ones(() if reduced else leading(logits.shape, layout), logits.dtype)
        with jax.enable_x64(True):
            return slopes(logits, targets, upstream)

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
        observed=returned.in_words,
    )
