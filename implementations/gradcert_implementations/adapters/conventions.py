"""What losses of different hands agree on, and where they differ: names, targets, reductions."""

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from gradcert_implementations.interface import (
    Array,
    FormatName,
    Function,
    Implementation,
    QuantityName,
    TargetDomain,
)

__all__ = ["class_indices", "declared", "has_shape_of_a_loss", "is_mean", "of_a_loss", "single"]

_NEAR = 0.05
"""How far apart the losses of one row and of two may be in a narrow format."""


def class_indices(rows: Array) -> Array:
    """Return the class that each one-hot row stands for, as int64.

    Examples
    --------
    >>> class_indices(np.array([[0.0, 1.0], [1.0, 0.0]]))
    array([1, 0])
    """
    indices: Array = np.argmax(rows, axis=-1).astype(np.int64)
    return indices


def has_shape_of_a_loss(shape: Sequence[int], rows: int) -> None:
    """Raise ValueError unless a result of this shape is a scalar or one value a row.

    Examples
    --------
    >>> has_shape_of_a_loss((3, 1), 3)
    >>> has_shape_of_a_loss((3, 2), 3)
    Traceback (most recent call last):
    ValueError: the loss of 3 rows has shape (3, 2); expected (3,) or a scalar
    """
    if shape and math.prod(shape) != rows:
        raise ValueError(
            f"the loss of {rows} rows has shape {tuple(shape)}; expected ({rows},) or a scalar"
        )


def is_mean(loss: Callable[[Array, Array], float], dtype: np.dtype[Any]) -> bool:
    """Tell whether a batch's scalar loss is the mean of its rows' losses, and not their sum.

    Parameters
    ----------
    loss
        From logits (or probabilities) and one-hot targets of shape (B, n) to the scalar.
    dtype
        That of the arrays.

    Raises
    ------
    ValueError
        For a scalar that is neither: two equal rows tell.

    Examples
    --------
    >>> is_mean(lambda z, t: float((t * z).sum(axis=-1).mean()), np.dtype(float))
    True
    """
    first, targets = np.full((2, 2), 0.5, dtype), np.eye(2, dtype=dtype)[[0, 0]]
    one, two = loss(first[:1], targets[:1]), loss(first, targets)
    for times, mean in ((1, True), (2, False)):
        if one and abs(two / one - times) < _NEAR:
            return mean
    raise ValueError(
        f"the loss is a scalar, {one} for one row and {two} for two equal rows; expected a mean "
        "or a sum over rows, or one loss a row"
    )


def single(function: Function, quantities: Sequence[str]) -> dict[str, Function]:
    """Return `function` as the one of its quantity, which is dE/dz unless told.

    Raises
    ------
    ValueError
        For more than one quantity.
    """
    if len(quantities) > 1:
        raise ValueError(
            f"a plain function computes one quantity, not {', '.join(quantities)}; "
            "for several, write an Implementation"
        )
    return dict.fromkeys(quantities or ("dE/dz",), function)


def of_a_loss(functions: Mapping[str, Function], quantities: Sequence[str]) -> dict[str, Function]:
    """Return those of a loss's functions that are wanted: dE/dz unless told.

    Raises
    ------
    ValueError
        For a quantity that a loss does not give.
    """
    for quantity in quantities:
        if quantity not in functions:
            raise ValueError(f"a loss gives {' or '.join(functions)}, not {quantity!r}")
    return {quantity: functions[quantity] for quantity in quantities or ("dE/dz",)}


def declared(
    subject: Callable[..., Any],
    functions: Mapping[str, Function],
    *,
    formats: Sequence[str],
    targets: str,
    library: str = "numpy",
    device: str = "cpu",
    adapter: str = "",
) -> Implementation:
    """Return the implementation that these functions make, named after `subject`.

    Where `subject` can be imported by name, `adapter` and that name are the SPEC that loads it.

    Raises
    ------
    ValueError
        For a name that is unknown.
    """
    name = getattr(subject, "__name__", type(subject).__name__)
    module = getattr(subject, "__module__", "")
    found = getattr(sys.modules.get(module), name, None)
    importable = found is subject and module != "__main__"
    return Implementation(
        name=name,
        functions=cast("Mapping[QuantityName, Function]", functions),
        formats=cast("tuple[FormatName, ...]", tuple(formats) or ("binary64", "binary32")),
        targets=cast("TargetDomain", targets),
        origin=f"{adapter}{module}:{name}" if importable else "",
        library=library,
        device=device,
    )
