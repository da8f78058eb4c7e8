"""What a gradient was computed from, as far as the arguments of a call show it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import ml_dtypes
import numpy as np

from gradcert.audit.mutants import Mutant, Part
from gradcert.audit.own_tests.label_mutants import LabelledPart
from gradcert_implementations import Array

__all__ = ["Operands", "is_float", "largest", "mutated"]

_SINGLE = np.dtype(np.float32)

_SUMS_TO_ONE = 1e-2
"""How far the sum of a row of probabilities may be from one, in any format."""

_T = TypeVar("_T")


@dataclass(frozen=True, eq=False)
class Operands:
    """The arrays of a call.

    Attributes
    ----------
    arrays
        The arrays among its arguments, beside the logits.
    logits
        The logits, if they are known.
    upstream
        The upstream gradient, in the shape of the loss; None if it is not known.
    """

    arrays: tuple[Array, ...] = ()
    logits: "Array | None" = None
    upstream: "Array | None" = None


def is_float(array: object) -> bool:
    """Return whether this is a numpy array of floating-point numbers.

    Examples
    --------
    >>> is_float(np.ones(2)), is_float(np.arange(2)), is_float(0.5)
    (True, False, False)
    """
    return isinstance(array, np.ndarray) and (
        array.dtype.kind == "f" or array.dtype == ml_dtypes.bfloat16
    )


def largest(candidates: Iterable[_T], shape: Callable[[_T], tuple[int, ...]]) -> _T | None:
    """Return the candidate with the most dimensions, of these the largest, of these the first.

    Examples
    --------
    >>> largest([np.ones(9), np.ones((2, 3)), np.ones((3, 2))], np.shape).shape
    (2, 3)
    """

    def size(candidate: _T) -> tuple[int, int]:
        found = shape(candidate)
        return len(found), int(np.prod(found))

    return max(candidates, key=size, default=None)


def _without(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return shape[:axis] + shape[axis + 1 :]


def _is_label(array: Array) -> bool:
    return array.dtype.kind in "iu"


def _class_axis(shape: tuple[int, ...], arrays: Iterable[Array]) -> int:
    """Return the axis of the classes: the last, or the second where labels have the other axes."""
    if len(shape) < 3:
        return len(shape) - 1
    shapes = {array.shape for array in arrays if _is_label(array)}
    last, second = _without(shape, len(shape) - 1), _without(shape, 1)
    return 1 if second in shapes and last not in shapes else len(shape) - 1


def _in_rows(array: Array, axis: int) -> Array:
    return np.moveaxis(array, axis, -1).reshape(-1, array.shape[axis])


def _one_hot(labels: Array, classes: int) -> Array:
    """Return labels as one-hot rows. A label that is no class, such as -100, has a row of zeros."""
    return np.asarray((labels.reshape(-1, 1) == np.arange(classes)).astype(np.float64))


def _targets(shape: tuple[int, ...], axis: int, arrays: Iterable[Array]) -> "Array | None":
    """Return the targets in rows: class indices by their shape, or probabilities."""
    rows = int(np.prod(_without(shape, axis)))
    for array in arrays:
        if _is_label(array) and array.size == rows and array.ndim <= len(shape):
            return _one_hot(array, shape[axis])
        if array.shape == shape and is_float(array):
            values = _in_rows(array, axis).astype(np.float64)
            if (values >= 0).all() and (abs(values.sum(axis=1) - 1) < _SUMS_TO_ONE).all():
                return values
    return None


def _upstream(upstream: "Array | None", rows: int) -> "Array | None":
    """Return an upstream gradient that has one value a row, or one for all; else None."""
    if upstream is None or upstream.size not in (1, rows):
        return None
    return upstream.reshape(rows if upstream.ndim and upstream.size == rows else ())


def _part(values: Array, axis: int, operands: Operands) -> Part:
    rows = _in_rows(values, axis)
    count = len(rows)
    upstream = _upstream(operands.upstream, count)
    logits = operands.logits
    if logits is not None and logits.shape == values.shape:
        targets = _targets(values.shape, axis, operands.arrays)
        if targets is not None:
            z = _in_rows(logits, axis)
            return LabelledPart(rows, 0, count, upstream, logits=z, targets=targets)
    return Part(rows, 0, count, upstream)


def mutated(mutant: Mutant, values: Array, operands: Operands) -> "Array | None":
    """Return a gradient made wrong, in the shape and dtype of the right one.

    The classes are the last axis, or the second where the labels have the shape of the other axes.
    A gradient of one axis is one row, unless an argument has that axis and one more.

    Returns
    -------
    None where the mutant has no meaning, and where it would change nothing.

    Examples
    --------
    >>> from gradcert.audit.own_tests.label_mutants import ALL_MUTANTS
    >>> slopes, labels = np.array([[-0.5, 0.5], [0.5, -0.5]]), np.array([0, 1])
    >>> call = Operands((labels,), logits=np.zeros((2, 2)))
    >>> mutated(ALL_MUTANTS["softmax-dropped"], slopes, call)
    array([[-1.,  0.],
           [ 0., -1.]])
    >>> mutated(ALL_MUTANTS["upstream-ignored"], slopes, call) is None
    True
    """
    if not values.size:
        return None
    right = values
    if values.itemsize < _SINGLE.itemsize:  # A factor such as 1.001 is no number of 16 bits.
        values = values.astype(_SINGLE)
    arrays = operands.arrays if operands.logits is None else (*operands.arrays, operands.logits)
    by_row = any(one.ndim == 2 and one.shape[:1] == values.shape for one in arrays)
    with np.errstate(all="ignore"):
        if values.ndim == 0 or by_row:
            flat = values.reshape(-1)
            part = Part(flat, 0, flat.size, _upstream(operands.upstream, flat.size))
            wrong = mutant.make(part).reshape(values.shape) if mutant.applies(part) else values
        else:
            axis = _class_axis(values.shape, operands.arrays)
            part = _part(values, axis, operands)
            wrong = values
            if mutant.applies(part):
                moved = np.moveaxis(values, axis, -1).shape
                wrong = np.moveaxis(mutant.make(part).reshape(moved), -1, axis)
        wrong = wrong.astype(right.dtype)
    return None if np.array_equal(wrong, right, equal_nan=True) else wrong
