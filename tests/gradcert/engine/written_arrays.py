"""Arrays written as Python: number by number where that is short, from packed bytes where not."""

import base64
import textwrap
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcert_implementations import Array

__all__ = ["array_lines"]

_SMALL = 40
"""Numbers that are always written out."""

_PLAIN = 2000
"""Characters of Python that a reader looks through. More are packed, where that is shorter."""

_WIDTH = 88

_BYTE = 256


@dataclass(frozen=True)
class _Palette:
    """The distinct numbers of an array, bit by bit, and which of them stands at each place."""

    numbers: list[float]
    which: Array


def _palette(values: Array) -> _Palette:
    bits, which = np.unique(values.ravel().view(np.uint64), return_inverse=True)
    return _Palette(bits.view(np.float64).tolist(), which)


def _number(value: float) -> str:
    return {"inf": "np.inf", "-inf": "-np.inf", "nan": "np.nan"}.get(repr(value), repr(value))


def _places(places: Array) -> str:
    """Return a slice if the places are evenly spaced, else their list."""
    steps = np.unique(np.diff(places))
    if len(steps) == 1:
        return f"{places[0]}:{places[-1] + 1}:{steps[0]}"
    return str(places.tolist())


def _nested(values: Any) -> str:
    """Return a number, or lists of numbers, as Python."""
    if isinstance(values, list):
        return f"[{', '.join(map(_nested, values))}]"
    return _number(values)


def _literal(name: str, values: Array, dtype: str) -> list[str]:
    """Return a line with all numbers."""
    return [f"{name} = np.array({_nested(values.tolist())}, dtype={dtype})"]


def _listing(name: str, values: Array, palette: _Palette, dtype: str) -> list[str]:
    """Return lines that put the commonest number everywhere, and then the others."""
    common = int(np.bincount(palette.which).argmax())
    lines = [f"{name} = np.full({values.shape}, {_number(palette.numbers[common])}, dtype={dtype})"]
    for one in np.argsort(palette.numbers, kind="stable").tolist():
        if one != common:
            places = np.flatnonzero(palette.which == one)
            lines.append(f"{name}.flat[{_places(places)}] = {_number(palette.numbers[one])}")
    return lines


def _unpacked(name: str, array: Array, dtype: str) -> list[str]:
    """Return lines that build a flat array from its packed bytes."""
    text = base64.b64encode(zlib.compress(array.tobytes(), 9)).decode()
    return [
        f"{name} = np.frombuffer(zlib.decompress(base64.b64decode(",
        *(f'    "{line}"' for line in textwrap.wrap(text, _WIDTH)),
        f")), dtype={dtype})",
    ]


def _packed(name: str, array: Array, palette: _Palette, dtype: str) -> list[str]:
    """Return lines with the distinct numbers and a byte a place, or with the bytes of all."""
    if len(palette.numbers) > _BYTE:
        lines = _unpacked(name, array, dtype)
        return [*lines, f"{name} = {name}.reshape({array.shape}).copy()"]
    numbers = ", ".join(map(_number, palette.numbers))
    return [
        *_unpacked("places", palette.which.astype(np.uint8), '"uint8"'),
        f"{name} = np.array([{numbers}], dtype={dtype})[places].reshape({array.shape})",
    ]


def _size(lines: list[str]) -> int:
    return sum(map(len, lines))


def _each(arrays: Mapping[str, Array], dtype: str) -> list[str]:
    """Return lines that build arrays one by one: the shortest, or plain ones that are not long."""
    lines: list[str] = []
    for name, array in arrays.items():
        values = array.astype(np.float64)
        palette = _palette(values)
        plain = []
        if values.size < _PLAIN:
            plain.append(_literal(name, values, dtype))
        if values.size > _SMALL and len(palette.numbers) < _PLAIN // _SMALL:
            plain.append(_listing(name, values, palette, dtype))
        shortest = min(plain, key=_size, default=[])
        if not plain or _size(shortest) > _PLAIN:
            shortest = min([*plain, _packed(name, array, palette, dtype)], key=_size)
        lines += shortest
    return lines


def _unlike(arrays: Mapping[str, Array]) -> tuple[list[int], Array]:
    """Return the first row of each kind of row in all arrays, and the kind of every row."""
    rows = len(next(iter(arrays.values())))
    columns = (array.reshape(rows, -1) for array in arrays.values())
    bits = [np.ascontiguousarray(array).view(np.uint8) for array in columns]
    kinds: dict[bytes, int] = {}
    first: list[int] = []
    which: list[int] = []
    for number, row in enumerate(np.concatenate(bits, axis=1)):
        kind = kinds.setdefault(row.tobytes(), len(kinds))
        if kind == len(first):
            first.append(number)
        which.append(kind)
    return first, np.array(which)


def array_lines(arrays: Mapping[str, Array], dtype: str) -> list[str]:
    """Return lines of Python that build the arrays of a case bit by bit, but for the kind of a NaN.

    A small array is written out. Of a larger one the commonest number stands everywhere at first,
    and the others are put at their places. Where that is long, the array is packed. Where few rows
    of a large batch are unlike, these are written once, and then which of them each row is.

    Parameters
    ----------
    arrays
        By name, in one of the formats. Those of one dimension or two have equally many rows.
    dtype
        The Python expression of their dtype.

    Returns
    -------
    The lines. They use ``np``, and ``base64`` and ``zlib`` if they have to be unpacked.

    Examples
    --------
    >>> row = np.zeros((1, 50257))
    >>> row[0, 4096] = 3
    >>> for line in array_lines({"logits": row}, '"float64"'):
    ...     print(line)
    logits = np.full((1, 50257), 0.0, dtype="float64")
    logits.flat[[4096]] = 3.0
    """
    each = _each(arrays, dtype)
    arrays, whole = (
        {name: array for name, array in arrays.items() if bool(array.ndim) is has_rows}
        for has_rows in (True, False)
    )
    first, which = _unlike(arrays)
    if len(first) > min(_BYTE, len(which) // 2):
        return each
    lines = _each({name: array[first] for name, array in arrays.items()}, dtype)
    lines += _unpacked("rows", which.astype(np.uint8), '"uint8"')
    lines += [f"{name} = {name}[rows]" for name in arrays]
    lines += _each(whole, dtype)
    return min(each, lines, key=_size)
