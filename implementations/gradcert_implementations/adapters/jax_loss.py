"""A JAX loss or function of the logits, differentiated by ``jax.vjp``."""

import functools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Unpack

import jax
import jax.numpy as jnp
import numpy as np

from gradcert_implementations.adapters.attributes import loss_of_attributes
from gradcert_implementations.adapters.conventions import (
    Returned,
    declared,
    is_mean,
    parts_of_a_mean,
    require_shape_of_a_loss,
    rounded_to,
    some_classes,
)
from gradcert_implementations.adapters.folding import in_rows, leading, shaped
from gradcert_implementations.adapters.jax_function import functions_of_logits
from gradcert_implementations.adapters.kinds import LOSS, chosen_functions, kind_of
from gradcert_implementations.adapters.labels import class_indices
from gradcert_implementations.adapters.signatures import name_of
from gradcert_implementations.interface import (
    Adapted,
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


def _slope(
    loss: Callable[[jax.Array], jax.Array], point: jax.Array, upstream: jax.Array
) -> jax.Array:
    """Return the gradient of a loss under an upstream gradient."""
    total, back = jax.vjp(loss, point)
    if not upstream.size and not total.shape:
        upstream = jnp.ones_like(total)  # One number for all of no rows.
    gradient: jax.Array = back(upstream.astype(total.dtype).reshape(total.shape))[0]
    return gradient


def from_jax(
    subject: Callable[..., Any], *, jit: bool = True, **options: Unpack[OptionValues]
) -> Implementation:
    """Return the implementation of a JAX loss or softmax; ``jax.vjp`` computes its gradient.

    Parameters
    ----------
    subject
        A function, with or without a ``jax.custom_vjp``.

        A loss is ``(logits, targets) -> loss``. Logits and targets have shape (B, n): B rows of n
        classes, or the shape that the layout of the domain says. With ``targets="index"`` the
        targets are class indices of shape (B,), as int64; an ignored row has the label
        ``ignore_index``. The loss has shape (B,), one value for each row, or (), their sum or mean.
        If it is a tuple, its first element counts, and the certificate says so. A loss in a wider
        dtype than the logits is rounded to theirs.

        ``jax.vjp`` gets an upstream gradient g in the dtype of the loss: one number for each row,
        or one for all if the loss that is claimed has a reduction.

        If the loss returns a sum or a mean, and no reduction is claimed, the loss of two equal rows
        shows which it is. Then its value is certified row by row, each in a batch of its own, and
        its gradient for all rows that have the same g together; g is multiplied by the divisor of
        the mean. A mean over more rows than a quarter of the format's largest number is asked in
        parts.

        A loss of probabilities has the quantity dE/do. The quantity hvp is ``jax.jvp`` of that
        gradient, along v. dE/dt is the gradient by the targets. Where JAX refuses either,
        NotImplementedError is raised: a ``jax.custom_vjp`` whose forward calls it again has no
        ``jax.jvp`` unless it is compiled.

        A softmax or a log-softmax is ``logits -> outputs``, of the same shape, along the classes.
        The quantity ``softmax`` or ``log-softmax`` is its values, and ``softmax-backward`` or
        ``log-softmax-backward`` is ``jax.vjp`` under the gradient v of the outputs.

        64-bit types are enabled for each call. The arrays of JAX have no strides, so no memory
        layout is asked.
    jit
        Whether to compile it, once for each shape. Then the plan of cases has fewer shapes for each
        claim.
    **options
        The fields of :class:`gradcert_implementations.Options`. By default it is a loss, whose
        value ``loss`` and gradient dE/dz are certified in binary64 and binary32, on probabilities
        and on JAX's default device. The attributes of an object fill in the loss; see
        :func:`gradcert_implementations.adapters.attributes.loss_of_attributes`. The device is a
        name that ``jax.devices`` takes.

    Returns
    -------
    The implementation, which :func:`gradcert.certify` takes. Its functions take and return numpy
    arrays.

    Raises
    ------
    ValueError
        For an unknown name, a device that cannot be used, and quantities that the subject does not
        give.

    Examples
    --------
    >>> mine = from_jax(lambda z, t: -(t * jax.nn.log_softmax(z)).sum(axis=-1).mean())
    >>> mine.functions["dE/dz"](np.zeros((2, 2)), np.eye(2))
    array([[-0.5,  0.5],
           [ 0.5, -0.5]])
    >>> mine.functions["loss"](np.zeros((2, 2)), np.eye(2))
    array([0.69314718, 0.69314718])
    >>> mine = from_jax(jax.nn.softmax, quantities=["softmax-backward"])
    >>> mine.functions["softmax-backward"](np.zeros((1, 2)), np.array([[1.0, 0.0]]))
    array([[ 0.25, -0.25]])
    """
    chosen = Options.of(options)
    try:
        place = jax.devices(chosen.device)[0]
    except RuntimeError as error:
        reason = printable(str(error))
        raise ValueError(
            f"the device {chosen.device!r} cannot be used: {reason}; choose another, such as cpu"
        ) from error

    returned = Returned()
    kind = kind_of(name_of(subject), subject, chosen)

    def adapted(functions: dict[str, Function], **fields: Any) -> Implementation:
        made = declared(
            subject,
            chosen_functions(functions, chosen),
            chosen,
            adapted=Adapted.JAX,
            adapter="jax:",
            library="jax",
            device=place.platform,
            compiles_per_shape=jit,
            strides=Strides.NONE,
            observed=returned.in_words,
            **fields,
        )
        return made if jit else replace(made, origin="")  # A SPEC loads what is compiled.

    if kind is not LOSS:
        functions = functions_of_logits(lambda z: returned.first(subject(z)), kind, place, jit=jit)
        return adapted(functions)
    filled_in = loss_of_attributes(subject, chosen.targets)
    claimed, domain = chosen.loss_over(Loss(), filled_in), chosen.domain_over(Domain())
    layout, classes = domain.layout, some_classes(claimed, domain)
    reduced = claimed.reduction is not Reduction.NONE

    def first(z: jax.Array, t: jax.Array) -> jax.Array:
        total: jax.Array = returned.first(subject(z, t))
        return total

    def loss(z: jax.Array, t: jax.Array) -> jax.Array:
        total = first(z, t)
        require_shape_of_a_loss(total.shape, math.prod(leading(z.shape, layout)))
        return total

    def slope(z: jax.Array, t: jax.Array, upstream: jax.Array) -> jax.Array:
        return _slope(lambda point: loss(point, t), z, upstream)

    def product(z: jax.Array, t: jax.Array, upstream: jax.Array, v: jax.Array) -> jax.Array:
        jax.eval_shape(slope, z, t, upstream)  # If this raises, the loss does.
        try:
            moved: jax.Array = jax.jvp(lambda point: slope(point, t, upstream), (z,), (v,))[1]
        except (TypeError, ValueError) as error:
            raise NotImplementedError(f"its backward cannot be differentiated: {error}") from error
        return moved

    def target_slope(z: jax.Array, t: jax.Array, upstream: jax.Array) -> jax.Array:
        if not jnp.issubdtype(t.dtype, jnp.floating):
            raise NotImplementedError("class indices have no gradient")
        return _slope(lambda targets: loss(z, targets), t, upstream)

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
    slope_of, product_of, target_slope_of = (
        jax.jit(one) if jit else one for one in (slope, product, target_slope)
    )

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
        pair = shaped(np.zeros((2, classes), dtype), layout)
        return not jax.eval_shape(first, *operands(pair, pair)).shape

    averages = functools.cache(
        functools.partial(is_mean, scalar, classes=classes, ignored=claimed.ignore_index)
    )

    def slopes(
        derived: Callable[..., jax.Array],
        logits: Array,
        targets: Array,
        upstream: Array,
        *vectors: Array,
    ) -> Array:
        # The mean and the sum over one row are equal. So its first call is not used up.
        if reduced or upstream.size < 2 or not is_scalar(logits.dtype):
            return np.array(derived(*operands(logits, targets), upstream, *vectors))
        mean = averages(logits.dtype)
        each = upstream.ravel()
        alike = parts_of_a_mean(in_rows(targets, layout), each, averages=mean)
        if len(alike) == 1:
            weight = np.asarray(each[0] * (len(each) if mean else 1), each.dtype)
            return np.array(derived(*operands(logits, targets), weight, *vectors))
        rows = [in_rows(array, layout) for array in (logits, targets, *vectors)]
        result = np.empty_like(rows[0])
        for part in alike:
            point, target, *others = (shaped(array[part], layout) for array in rows)
            g = each[part].reshape(leading(point.shape, layout))
            result[part] = in_rows(slopes(derived, point, target, g, *others), layout)
        answer: Array = shaped(result, layout)
        return answer

    def asking(derived: Callable[..., jax.Array]) -> Function:
        def ask(logits: Array, targets: Array, *vectors: Array) -> Array:
            g = np.ones(() if reduced else leading(logits.shape, layout), logits.dtype)
            with jax.enable_x64(True):
                return slopes(derived, logits, targets, g, *vectors)

        return ask

    def gradient(logits: Array, targets: Array, upstream: "Array | None" = None) -> Array:
        if upstream is None:
            return asking(slope_of)(logits, targets)
        with jax.enable_x64(True):
            return slopes(slope_of, logits, targets, upstream)

    parts = value, gradient, gradient, asking(product_of), asking(target_slope_of)
    functions = dict(zip(LOSS.quantities, parts, strict=True))
    return adapted(functions, filled_in=filled_in, takes_upstream=True)
