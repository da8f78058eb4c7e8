"""What a function can be called with, as its signature says."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from gradcert_implementations.names import (
    QUANTITIES_WITH_UPSTREAM,
    QUANTITY_ARGUMENTS,
    QuantityName,
)

__all__ = [
    "cannot_be_called",
    "name_of",
    "require_arguments",
    "takes",
    "takes_outputs",
    "takes_upstream",
]

_UPSTREAM_NAMES = ("g", "upstream", "grad_output", "dy")
"""The names of a third argument that is the upstream gradient although it has a default."""

_OUTPUT_NAMES = (
    *("outputs", "output", "o", "y", "probabilities", "probs"),
    *("log_probabilities", "log_probs", "logp"),
)
"""The names of a first argument that is what a forward has stored."""

_AXIS_NAMES = ("axis", "dim")
"""The names of an argument that is an axis, and no array."""

_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def name_of(subject: Any) -> str:
    """Return the name of a function, or that of the class of an object.

    Examples
    --------
    >>> name_of(name_of), name_of(1.5)
    ('name_of', 'float')
    """
    name: str = getattr(subject, "__name__", type(subject).__name__)
    return name


def _by_position(function: Callable[..., Any]) -> list[inspect.Parameter]:
    return [
        one for one in inspect.signature(function).parameters.values() if one.kind in _BY_POSITION
    ]


def takes(function: Callable[..., Any], count: int) -> bool:
    """Return whether a function can be called with this number of arrays.

    An argument that is called ``axis`` or ``dim`` is no array. Where the arguments cannot be known,
    it can.

    Examples
    --------
    >>> [takes(lambda z, t, axis=-1: z, count) for count in (1, 2, 3)]
    [False, True, False]
    """
    try:
        inspect.signature(function).bind(*range(count))
        arrays = _by_position(function)[:count]
    except TypeError:
        return False
    except ValueError:  # Some functions of compiled modules have no signature.
        return True
    return all(one.name not in _AXIS_NAMES for one in arrays)


def takes_upstream(function: Callable[..., Any]) -> bool:
    """Return whether a function of logits and targets takes the upstream gradient too.

    It does if it has a third argument without a default, or one that is called ``g``, ``upstream``,
    ``grad_output`` or ``dy``. A function whose arguments cannot be known takes none.

    Examples
    --------
    >>> takes_upstream(lambda z, t, grad: z), takes_upstream(lambda z, t, g=1.0: z)
    (True, True)
    >>> takes_upstream(lambda z, t, axis=-1: z), takes_upstream(lambda *arguments: arguments[0])
    (False, False)
    """
    try:
        third = _by_position(function)[2:3]
    except (TypeError, ValueError):
        return False
    return any(
        one.default is inspect.Parameter.empty or one.name in _UPSTREAM_NAMES for one in third
    )


def takes_outputs(function: Callable[..., Any]) -> bool:
    """Return whether a backward takes what its forward has stored, in place of the logits.

    It does if its first argument is called ``outputs``, ``output``, ``o``, ``y``,
    ``probabilities``, ``probs``, ``log_probabilities``, ``log_probs`` or ``logp``.

    Examples
    --------
    >>> takes_outputs(lambda y, v: y), takes_outputs(lambda z, v: z)
    (True, False)
    """
    try:
        return any(one.name in _OUTPUT_NAMES for one in _by_position(function)[:1])
    except (TypeError, ValueError):
        return False


def _suits(function: Callable[..., Any], quantity: QuantityName) -> bool:
    arguments = QUANTITY_ARGUMENTS[quantity]
    # The third argument of a gradient is the upstream gradient.
    upstream = quantity in QUANTITIES_WITH_UPSTREAM and takes_upstream(function)
    return takes(function, len(arguments) + upstream)


def cannot_be_called(
    name: str, arguments: Sequence[str], what: str, others: Sequence[str]
) -> ValueError:
    """Return the error for a function that does not take the arguments that it should.

    Parameters
    ----------
    name, arguments
        The names of the function and of the arguments.
    what
        What is called with them.
    others
        The quantities that suit the function.
    """
    way_out = "let it take these arrays"
    if others:
        in_python = f"quantities=[{others[0]!r}] in Python"
        way_out = f"choose --quantity {' or '.join(others)} ({in_python})"
    return ValueError(
        f"{name} cannot be called with {' and '.join(arguments)}, as {what} is; {way_out}"
    )


def require_arguments(function: Callable[..., Any], quantity: QuantityName) -> None:
    """Raise ValueError, in one line, if a function cannot be called as a quantity is.

    Examples
    --------
    >>> def softmax(logits): ...
    >>> require_arguments(softmax, "dE/dz")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: softmax cannot be called with logits and targets, as dE/dz is; choose ...
    """
    if not _suits(function, quantity):
        others = [name for name in QUANTITY_ARGUMENTS if _suits(function, name)]
        raise cannot_be_called(name_of(function), QUANTITY_ARGUMENTS[quantity], quantity, others)
