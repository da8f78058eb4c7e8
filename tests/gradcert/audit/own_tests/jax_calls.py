"""A JAX function, called so that the gradient of its logits is made wrong."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp
from jax.custom_derivatives import SymbolicZero

from gradcert.audit.own_tests.mutating import Mutating
from gradcert.audit.own_tests.operands import Operands, largest
from gradcert_implementations import Array

__all__ = ["called_with_jax_arrays"]


def _is_float(array: Any) -> bool:
    return bool(jnp.issubdtype(array.dtype, jnp.floating))


def _filled(upstream: Any) -> Any:
    """Return an upstream gradient as an array, where JAX knows it to be zero."""
    if not isinstance(upstream, SymbolicZero):
        return upstream
    if upstream.dtype == jax.dtypes.float0:
        return np.zeros(upstream.shape, jax.dtypes.float0)
    return jnp.zeros(upstream.shape, upstream.dtype)


def _changed(mutating: Mutating, has_logits: bool, has_upstream: bool, *given: Any) -> Array:
    """Return a gradient made wrong, of arrays that JAX hands over when they are known."""
    right, *arrays = map(np.asarray, given)
    logits = arrays.pop(0) if has_logits else None
    upstream = arrays.pop(0) if has_upstream else None
    wrong = mutating.replaced(right, Operands(tuple(arrays), logits, upstream))
    return right if wrong is None else wrong


def _slopes(
    mutating: Mutating, place: int, pullback: Any, arrays: Sequence[Any], upstream: Any
) -> tuple[Any, ...]:
    """Return the gradients by all arguments, that at one place made wrong."""
    leaves, tree = jax.tree.flatten(upstream, is_leaf=lambda one: isinstance(one, SymbolicZero))
    slopes = list(pullback(jax.tree.unflatten(tree, [_filled(leaf) for leaf in leaves])))
    outer = [leaf for leaf in leaves if not isinstance(leaf, SymbolicZero)]
    if outer:
        logits = [arrays[place]] if mutating.needs_arguments else []
        others = [
            array
            for at, array in enumerate(arrays)
            if at != place and (mutating.needs_arguments or not _is_float(array))
        ]
        only = outer if len(outer) == 1 else []
        slopes[place] = jax.pure_callback(
            partial(_changed, mutating, bool(logits), bool(only)),
            jax.ShapeDtypeStruct(slopes[place].shape, slopes[place].dtype),
            *(slopes[place], *logits, *only, *others),
            vmap_method="broadcast_all",
        )
    return tuple(slopes)


def called_with_jax_arrays(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], mutating: Mutating
) -> Any:
    """Call a JAX function whose gradient by the logits is made wrong where it is differentiated.

    The logits are the floating-point array with the most dimensions by which the function is
    differentiated, of these the largest; arrays in containers count. Under ``jit`` and ``vmap`` the
    mutant gets the numbers from a callback, and under ``vmap`` all examples as one batch. Forward
    derivatives are refused by JAX, as for every ``custom_vjp``.
    """
    leaves, tree = jax.tree.flatten((args, kwargs))
    places = [at for at, leaf in enumerate(leaves) if isinstance(leaf, jax.Array | np.ndarray)]
    if not any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
        return function(*args, **kwargs)  # Nothing is differentiated.

    def plain(*arrays: Any) -> Any:
        filled = list(leaves)
        for at, array in zip(places, arrays, strict=True):
            filled[at] = array
        again, named = jax.tree.unflatten(tree, filled)
        return function(*again, **named)

    def forward(*given: Any) -> Any:
        arrays = [one.value for one in given]
        candidates = [at for at, one in enumerate(given) if one.perturbed and _is_float(one.value)]
        place = largest(candidates, lambda at: tuple(arrays[at].shape))
        assert place is not None  # JAX calls this only to differentiate.
        answer, pullback = jax.vjp(plain, *arrays)
        # What is no array travels in a function.
        slopes = jax.tree_util.Partial(partial(_slopes, mutating, place), pullback, arrays)
        return answer, slopes

    outer = jax.custom_vjp(plain)
    outer.defvjp(forward, lambda slopes, upstream: slopes(upstream), symbolic_zeros=True)
    return outer(*(leaves[at] for at in places))
