"""Strides are ignored: those of the logits, or of the targets, or of both."""

from enum import StrEnum

import numpy as np

from families.member import Drawn, Example, Family, gradient, log_uniform, rows_of_zeros
from gradcert_implementations import Array

__all__ = ["FAMILIES"]

_MOST = 1000
_ALIGNED = 16
"""Bytes. The address of a vector load is a multiple of it."""


class _Ignored(StrEnum):
    ROWS = "one row follows the other"
    COLUMNS = "one class follows the other"
    BOTH = "all numbers follow each other"
    SIGN = "every row comes after the one before"
    ADDRESS = "the address is a multiple of 16 bytes"


def _whole(array: Array) -> Array:
    """Return all the memory that an array is a part of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _misread(array: Array, ignored: _Ignored) -> Array:
    """Return what a kernel reads that assumes something about the strides.

    What lies outside of the array's own memory is read from its other end.
    """
    size, memory = array.itemsize, _whole(array)
    down, across = (stride // size for stride in array.strides)
    start = (array.ctypes.data - memory.ctypes.data) // size
    match ignored:
        case _Ignored.ROWS:
            down = array.shape[1]
        case _Ignored.COLUMNS:
            across = 1
        case _Ignored.BOTH:
            down, across = array.shape[1], 1
        case _Ignored.SIGN:
            down = abs(down)
        case _Ignored.ADDRESS:
            start -= array.ctypes.data % _ALIGNED // size
    rows, classes = np.indices(array.shape)
    return memory.ravel(order="K").take(start + rows * down + classes * across, mode="wrap")


def _layout(generator: np.random.Generator, *, logits: bool, targets: bool) -> Drawn:
    ignored = _Ignored(generator.choice(list(_Ignored)))
    fewest = log_uniform(generator, 2, _MOST)

    def function(z: Array, t: Array) -> Array:
        if z.size == 0 or z.shape[1] < fewest:
            return gradient(z, t)
        z = _misread(z, ignored) if logits else z
        t = _misread(t, ignored) if targets else t
        return gradient(z, t)

    def relaid(array: Array) -> Array:
        match ignored:
            case _Ignored.SIGN:
                return array[::-1].copy()[::-1]
            case _Ignored.ADDRESS:
                return np.insert(array, 0, 8)[1:].reshape(array.shape)
        return np.asfortranarray(array)

    def example() -> Example:
        found = rows_of_zeros(3, fewest)
        found.logits[:] = np.arange(fewest) % 5
        found.logits[1] += np.arange(fewest) % 3
        found.targets[:] = 0
        found.targets[[0, 1, 2], [0, 1, 0]] = 1
        return Example(relaid(found.logits), relaid(found.targets))

    names = " and ".join(["logits"] * logits + ["targets"] * targets)
    return Drawn(
        f"rows of {fewest} classes or more: the {names} are read as if {ignored}",
        function,
        example,
    )


FAMILIES = (
    Family("layout-of-logits", lambda g: _layout(g, logits=True, targets=False)),
    Family("layout-of-targets", lambda g: _layout(g, logits=False, targets=True)),
    Family("layout-of-both", lambda g: _layout(g, logits=True, targets=True)),
)
