"""An array as a view of a block of memory: written for the other process, and read back.

The other process may have written anything, so that whatever is read is checked first.
"""

from math import prod
from typing import Any

import ml_dtypes
import numpy as np

from gradcert.isolation.protocol import View
from gradcert_implementations import Array

__all__ = ["array_of", "bytes_of", "has_numbers", "reshape", "root_of", "view_of"]

_NUMBERS = "biufc"
"""The kinds of numpy's dtypes that are numbers."""

_BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def has_numbers(dtype: np.dtype[Any]) -> bool:
    """Return whether the bytes of an array are numbers, and no addresses."""
    return dtype.kind in _NUMBERS or dtype == _BFLOAT16


def root_of(array: Array) -> Array:
    """Return the array that has the memory of a view."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def bytes_of(root: Array) -> Array:
    """Return the memory of a contiguous array as bytes: a view, not a copy."""
    return root.ravel(order="K").view(np.uint8)


def _address(array: Array) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


def view_of(array: Array, block: int, memory: "Array | None" = None) -> View:
    """Return an array in a block as a view of its memory; without that, one of packed numbers."""
    offset = 0 if memory is None or not array.size else _address(array) - _address(memory)
    return View(
        block=block,
        dtype=array.dtype.name if array.dtype.isnative else array.dtype.str,
        shape=array.shape,
        strides=None if memory is None else array.strides,
        offset=offset,
        writeable=memory is None or array.flags.writeable,
    )


def _dtype(view: View) -> np.dtype[Any]:
    if not view.dtype.lstrip("<>").isalnum():  # numpy evaluates what has commas.
        raise TypeError(f"no name of a dtype: {view.dtype}")
    dtype = np.dtype(view.dtype)
    if not has_numbers(dtype):
        raise TypeError(f"no numbers: {dtype}")
    return dtype


def _ends(view: View, itemsize: int) -> tuple[int, int]:
    """Return the first byte of a view in its block, and the first behind it.

    numpy adds strides up in 64 bits, where a sum that overflows looks like one that is in range.
    """
    if not all(view.shape):
        return view.offset, view.offset
    if view.strides is None:
        return view.offset, view.offset + itemsize * prod(view.shape)
    first = last = view.offset
    for length, stride in zip(view.shape, view.strides, strict=True):
        first += min(0, (length - 1) * stride)
        last += max(0, (length - 1) * stride)
    return first, last + itemsize


def array_of(view: View, memory: Array) -> Array:
    """Return the array of a view.

    Raises
    ------
    TypeError, ValueError
        If it does not lie within the memory, or has no such dtype.
    """
    dtype = _dtype(view)
    first, behind = _ends(view, dtype.itemsize)
    if first < 0 or behind > memory.size:
        raise ValueError(f"it has the bytes {first} to {behind} of {memory.size}")
    found: Array = np.ndarray(view.shape, dtype, memory, view.offset, view.strides)
    found.flags.writeable = view.writeable
    return found


def reshape(array: Array, view: View) -> None:
    """Give an array the shape, the dtype and the flag that a call has given its copy.

    Raises
    ------
    TypeError, ValueError
        If it cannot have them.
    """
    array.dtype = _dtype(view)  # type: ignore[misc]
    array.shape = view.shape
    array.flags.writeable = view.writeable
