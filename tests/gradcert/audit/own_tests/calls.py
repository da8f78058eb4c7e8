"""A function wrapped so that its gradient is made wrong, whatever arrays it is called with."""

import functools
import sys
import threading
from collections.abc import Callable
from typing import Any

from gradcert.audit.own_tests.mutating import Mutating

__all__ = ["wrapped"]

_inside = threading.local()
"""Whether this thread is in a call: a function may call itself, and is made wrong once."""


def _has_tensors(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    tensors = getattr(sys.modules.get("torch"), "Tensor", ())
    return any(isinstance(one, tensors) for one in (*args, *kwargs.values()))


def _has_jax_arrays(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    jax = sys.modules.get("jax")
    return jax is not None and any(
        isinstance(one, jax.Array) for one in jax.tree.leaves((args, kwargs))
    )


def _called(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], mutating: Mutating
) -> Any:
    """Call a function as the library of its arguments needs it, which is loaded already."""
    if _has_tensors(args, kwargs):
        from gradcert.audit.own_tests.torch_calls import called_with_tensors as called
    elif _has_jax_arrays(args, kwargs):
        from gradcert.audit.own_tests.jax_calls import called_with_jax_arrays as called
    else:
        from gradcert.audit.own_tests.numpy_calls import called_with_arrays as called
    return called(function, args, kwargs, mutating)


def wrapped(function: Callable[..., Any], *, mutating: Mutating) -> Callable[..., Any]:
    """Return a function that does what another one does, with the gradient made wrong.

    If it is called with PyTorch tensors or JAX arrays, its values are the original ones, and its
    gradient by the logits is made wrong. A function of numpy arrays returns a gradient, and its
    answer is made wrong.

    Examples
    --------
    >>> import numpy as np
    >>> from gradcert.audit.own_tests.label_mutants import ALL_MUTANTS
    >>> flipped = Mutating(ALL_MUTANTS["sign-flipped"])
    >>> wrapped(lambda z, t: np.exp(z) / np.exp(z).sum() - t, mutating=flipped)(
    ...     np.zeros(2), np.array([1.0, 0.0])
    ... )
    array([ 0.5, -0.5])
    >>> flipped.tally
    Tally(calls=1, gradients=1, changed=1, failure='')
    """

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if getattr(_inside, "call", False):
            return function(*args, **kwargs)
        mutating.tally.calls += 1
        _inside.call = True
        try:
            return _called(function, args, kwargs, mutating)
        finally:
            _inside.call = False

    # Such as the method ``lower`` of what jax.jit returns.
    for name in dir(function):
        if not hasattr(wrapper, name):
            setattr(wrapper, name, getattr(function, name))
    return wrapper
