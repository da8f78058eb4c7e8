"""The arguments of a call as Python: arrays of numpy, or the tensors of a framework."""

import re
from collections.abc import Callable, Mapping

import numpy as np

from gradcert.engine.written_arrays import array_lines
from gradcert_implementations import Array

__all__ = ["SHORT", "listed", "numpy_lines", "tensor_lines"]

SHORT = 40
"""Numbers of an array that a framework is given as a list. More are made by numpy first."""

_NOT_FINITE = re.compile(r"\b(inf|nan)\b")


def listed(array: Array, module: str) -> str:
    """Return the numbers of an array as lists of Python, with infinities and NaN of a module.

    Examples
    --------
    >>> listed(np.array([[0.0, -np.inf]]), "torch")
    '[[0.0, -torch.inf]]'
    """
    whole = array.dtype.kind == "i"
    numbers = (array if whole else array.astype(np.float64)).tolist()
    return _NOT_FINITE.sub(rf"{module}.\1", repr(numbers))


def numpy_lines(arrays: Mapping[str, Array], dtype: str) -> list[str]:
    """Return lines that build arrays of numpy; `dtype` is the Python of that of all but labels."""
    lines = []
    floats = {name: array for name, array in arrays.items() if array.dtype.kind != "i"}
    if floats:
        lines += array_lines(floats, dtype)
    for name, array in arrays.items():
        if array.dtype.kind != "i":
            continue
        if array.size > SHORT:
            lines += array_lines({name: array}, '"int64"')
        else:
            lines.append(f'{name} = np.array({array.tolist()}, dtype="int64")')
    return lines


def tensor_lines(
    arrays: Mapping[str, Array],
    module: str,
    short: Callable[[str, str, bool], str],
    long: Callable[[str, bool], str],
) -> list[str]:
    """Return lines that build the tensors of a framework.

    Parameters
    ----------
    arrays
        By name; those of whole numbers are class indices.
    module
        The name that the framework has in a script.
    short
        From a name, a list of its numbers and whether they are class indices to a line.
    long
        From the name of an array of numpy and whether it has class indices to the line that makes
        a tensor of it. The array has no narrower format than binary32, and the same numbers.
    """
    lines = []
    for name, array in arrays.items():
        whole = array.dtype.kind == "i"
        if array.size <= SHORT:
            lines.append(short(name, listed(array, module), whole))
            continue
        wide = array.astype(np.float32) if not whole and array.itemsize < 4 else array
        lines += numpy_lines({name: wide}, f'"{wide.dtype.name}"')
        lines.append(long(name, whole))
    return lines
