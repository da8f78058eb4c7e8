"""A numpy function that returns a gradient, called with a mutant of its answer."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from gradcert.audit.own_tests.mutating import Mutating
from gradcert.audit.own_tests.operands import Operands, is_float, largest
from gradcert_implementations import Array

__all__ = ["called_with_arrays"]

_UPSTREAM_NAMES = ("g", "upstream", "grad_output", "dy")
"""The names of an argument that is the upstream gradient, as ``gradcert certify`` knows them."""


def _named(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the arguments of a call by name, as far as the names can be known."""
    try:
        return dict(inspect.signature(function).bind(*args, **kwargs).arguments)
    except (TypeError, ValueError):  # Some functions of compiled modules have no signature.
        return dict(kwargs)


def _operands(named: Mapping[str, Any], arguments: Iterable[Any], answer: Array) -> Operands:
    arrays = [one for one in arguments if isinstance(one, np.ndarray)]
    logits = next((one for one in arrays if is_float(one) and one.shape == answer.shape), None)
    others = tuple(one for one in arrays if one is not logits)
    given = (named[name] for name in _UPSTREAM_NAMES if name in named)
    upstream = next((np.asarray(one) for one in given if one is not None), None)
    return Operands(others, logits, upstream)


def _exchanged(answer: Any, right: Array, wrong: Array) -> Any:
    """Return an answer with another array in the place of one."""
    if answer is right:
        return wrong
    items = [wrong if item is right else item for item in answer]
    return type(answer)(*items) if hasattr(answer, "_fields") else type(answer)(items)


def called_with_arrays(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], mutating: Mutating
) -> Any:
    """Call a numpy function, and return its answer with the gradient made wrong.

    The gradient is the floating-point array of the answer with the most dimensions, of these the
    largest. It stands alone or in a tuple or a list. The logits are the first floating-point
    argument of its shape. If the gradient is written into an argument, it is made wrong there.
    """
    arguments = [*args, *kwargs.values()]
    kept = arguments
    if mutating.needs_arguments:  # The function may overwrite them.
        kept = [one.copy() if isinstance(one, np.ndarray) else one for one in arguments]
    answer = function(*args, **kwargs)
    found = answer if isinstance(answer, tuple | list) else [answer]
    right = largest((one for one in found if is_float(one)), np.shape)
    if right is None:
        return answer
    operands = _operands(_named(function, args, kwargs), kept, right)
    wrong = mutating.replaced(right, operands)
    if wrong is None:
        return answer
    arrays = [one for one in arguments if isinstance(one, np.ndarray)]
    if right.flags.writeable and any(np.may_share_memory(right, one) for one in arrays):
        right[...] = wrong
        return answer
    same = np.empty_like(right)
    same[...] = wrong
    return _exchanged(answer, right, same)
