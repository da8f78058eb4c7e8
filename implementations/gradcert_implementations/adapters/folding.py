"""Rows in the shapes of a layout: (B, S, n), or (N, n, d1) and (N, n, d1, d2) with classes second.

Checks, plans and reports know rows only. Here rows get the shape that a subject wants, and its
answers become rows again.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isqrt
from typing import Any

import numpy as np

from gradcert_implementations.interface import Array, Function, Implementation, Layout, Loss
from gradcert_implementations.names import QuantityName

__all__ = ["OfRows", "in_rows", "leading", "of_rows", "shape_of_rows", "shaped"]


def _two_factors(rows: int, classes: int) -> tuple[int, int]:
    """Return two factors of a number of rows, unlike each other and the classes where they can be.

    Which ones depends on both numbers, so that each pair comes at some size.
    """
    if not rows:
        return 0, 1
    divisors = [d for d in range(1, isqrt(rows) + 1) if rows % d == 0]
    pairs = sorted({pair for d in divisors for pair in ((d, rows // d), (rows // d, d))})
    pairs = [pair for pair in pairs if pair[0] != pair[1]] or pairs
    unlike = [pair for pair in pairs if classes not in pair] or pairs
    return unlike[(rows + classes) % len(unlike)]


@functools.lru_cache(maxsize=4096)
def shape_of_rows(layout: Layout, rows: int, classes: int) -> tuple[int, ...]:
    """Return the shape that this number of rows has in a layout, without the classes.

    It depends on the two numbers alone. Over many of them B x S is 1 x R, R x 1 and what lies
    between, and both shapes of channels occur.

    Examples
    --------
    >>> [shape_of_rows(Layout.SEQUENCE, 6, n) for n in (4, 5, 7)]
    [(3, 2), (6, 1), (2, 3)]
    >>> [shape_of_rows(Layout.CHANNELS, 12, n) for n in (5, 6)]
    [(12, 1), (4, 3, 1)]
    """
    if layout is Layout.ROWS:
        return (rows,)
    first, rest = _two_factors(rows, classes)
    if layout is Layout.CHANNELS and (rows // 2 + classes // 2) % 2:
        return (first, *_two_factors(rest, classes))
    return first, rest


def shaped(array: Any, layout: Layout) -> Any:
    """Return rows (R, n) in the shape of a layout: a view of a numpy array, or a JAX array.

    Examples
    --------
    >>> shaped(np.zeros((6, 4)), Layout.SEQUENCE).shape
    (3, 2, 4)
    >>> shaped(np.zeros((6, 4)), Layout.CHANNELS).shape
    (3, 4, 1, 2)
    """
    shape = shape_of_rows(layout, *array.shape)
    view = array.reshape(*shape, array.shape[1])
    if layout is not Layout.CHANNELS:
        return view
    return view.transpose(0, len(shape), *range(1, len(shape)))


def in_rows(array: Any, layout: Layout) -> Any:
    """Return an array in the shape of a layout as rows (R, n).

    Examples
    --------
    >>> rows = np.arange(24).reshape(6, 4)
    >>> (in_rows(shaped(rows, Layout.CHANNELS), Layout.CHANNELS) == rows).all()
    np.True_
    """
    if layout is Layout.CHANNELS:
        array = array.transpose(0, *range(2, array.ndim), 1)
    return array.reshape(-1, array.shape[-1])


def leading(shape: Sequence[int], layout: Layout) -> tuple[int, ...]:
    """Return the shape of an array without its classes.

    Examples
    --------
    >>> leading((2, 5, 3), Layout.SEQUENCE), leading((2, 5, 3), Layout.CHANNELS)
    ((2, 5), (2, 3))
    """
    if layout is Layout.CHANNELS:
        return (shape[0], *shape[2:])
    return tuple(shape[:-1])


def _packed(view: Array, like: Array) -> Array:
    """Return a dense copy, as far from 16 bytes in memory as an array, and read-only if that is."""
    start = like.ctypes.data % 16 // like.itemsize
    memory: Array = np.empty(start + view.size, view.dtype)
    copy = memory[start:].reshape(view.shape)
    np.copyto(copy, view)
    copy.flags.writeable = like.flags.writeable
    return copy


def _given(array: Array, layout: Layout, shape: tuple[int, ...]) -> Array:
    """Return what a function is called with in place of rows, or of one number for each row.

    It has the memory of the rows, but where classes come second and the rows are dense: then it is
    dense too.
    """
    if array.ndim < 2:
        return array.reshape(shape) if array.ndim else array
    view: Array = shaped(array, layout)
    dense = array.flags.c_contiguous and not view.flags.c_contiguous
    return _packed(view, array) if dense else view


@dataclass(frozen=True)
class OfRows:
    """A function of arrays in the shapes of a layout, as a function of rows.

    Attributes
    ----------
    function
        What is called.
    layout
        The layout that it wants.
    """

    function: Callable[..., Any]
    layout: Layout

    def __call__(self, *arrays: Array) -> Any:
        """Return the answer to rows. What the function writes into an argument reaches the rows.

        Raises
        ------
        ValueError
            If the answer has another shape than the logits, or than these without their classes.
        """
        if self.layout is Layout.ROWS:
            return self.function(*arrays)
        shape = shape_of_rows(self.layout, *arrays[0].shape)
        given = [_given(array, self.layout, shape) for array in arrays]
        answer = self.function(*given)
        for array, one in zip(arrays, given, strict=True):
            if array.ndim == 2 and array.flags.writeable and not np.shares_memory(array, one):
                np.copyto(array, in_rows(one, self.layout))
        if not isinstance(answer, np.ndarray) or not answer.ndim:
            return answer
        if answer.shape == shape:
            return answer.reshape(-1)
        if answer.shape == given[0].shape:
            return in_rows(answer, self.layout)
        raise ValueError(
            f"it returned shape {answer.shape} for an argument of shape {given[0].shape}; expected "
            f"that shape, or {shape} for a loss"
        )


def _of_rows(function: Function, layout: Layout) -> Function:
    if isinstance(function, OfRows):
        if function.layout is not layout:
            raise ValueError(
                f"it is loaded for layout={function.layout}; load it again for layout={layout}"
            )
        return function
    return function if layout is Layout.ROWS else OfRows(function, layout)


def of_rows(implementation: Implementation) -> Implementation:
    """Return an implementation whose functions take rows, whatever its layout.

    Raises
    ------
    ValueError
        If its functions were made so for another layout.

    Examples
    --------
    >>> from gradcert_implementations.interface import Domain
    >>> shapes = []
    >>> def gradient(logits, targets):
    ...     shapes.append(logits.shape)
    ...     return logits
    >>> mine = Implementation(
    ...     name="mine", functions={"dE/dz": gradient}, domain=Domain(layout="sequence")
    ... )
    >>> of_rows(mine).functions["dE/dz"](np.zeros((6, 4)), np.zeros((6, 4))).shape, shapes
    ((6, 4), [(3, 2, 4)])
    """
    layout, again = implementation.domain.layout, implementation.second_backward
    made, again_for = implementation.functions_for, implementation.second_backward_for

    def functions_for(loss: Loss) -> Mapping[QuantityName, Function]:
        assert made is not None
        return {name: _of_rows(f, layout) for name, f in made(loss).items()}

    def second_backward_for(loss: Loss) -> Function:
        assert again_for is not None
        return _of_rows(again_for(loss), layout)

    return replace(
        implementation,
        functions={name: _of_rows(f, layout) for name, f in implementation.functions.items()},
        second_backward=None if again is None else _of_rows(again, layout),
        functions_for=made and functions_for,
        second_backward_for=again_for and second_backward_for,
    )
