"""Rows of numbers as text: all numbers of a row, or some of a long one.

Numbers of the format under test are written as decimal strings that read back as the same number,
because JSON has no NaN and no infinity.
"""

from collections.abc import Iterator

import msgspec

__all__ = [
    "LargeBatch",
    "LongRow",
    "Numbers",
    "Range",
    "Row",
    "distinct",
    "everywhere_else",
    "kept",
    "length",
    "ranges",
    "texts",
]

Numbers = tuple[tuple[str, ...], ...]
"""An array: its rows, each number as text."""


class Range(msgspec.Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """Equal numbers that stand side by side in a row.

    Attributes
    ----------
    first, last
        The places of the first and of the last one, counted from 0.
    number
        The number.
    """

    first: int
    last: int
    number: str


class LongRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Some of the numbers of a long row: those that a reader wants to see.

    Attributes
    ----------
    length
        How many numbers the row has.
    places
        Where the numbers stand that are kept, counted from 0, from left to right.
    numbers
        The numbers at these places.
    rest
        The number at every other place, so that nothing is lost. None if there are several.
    ranges
        The whole row as ranges of equal numbers, from left to right, if there are several other
        numbers and few ranges. Else empty.
    distinct
        How many unlike numbers the row has, if there are several other numbers.
    """

    length: int
    places: tuple[int, ...]
    numbers: tuple[str, ...]
    rest: str | None = None
    ranges: tuple[Range, ...] = ()
    distinct: int | None = None


class LargeBatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rows of a large batch are kept.

    Attributes
    ----------
    rows
        How many rows the batch has.
    kept
        The numbers of the rows that are kept, counted from 0, from small to large.
    """

    rows: int
    kept: tuple[int, ...]


Row = tuple[str, ...] | LongRow
"""A row: all its numbers, each as text, or some of many."""


def length(row: Row) -> int:
    """Return how many numbers a row has.

    Examples
    --------
    >>> length(("0.0", "1.0")), length(LongRow(length=4097, places=(), numbers=(), rest="0.0"))
    (2, 4097)
    """
    return row.length if isinstance(row, LongRow) else len(row)


def kept(row: Row) -> dict[int, str]:
    """Return the numbers that are kept, by their places.

    Examples
    --------
    >>> kept(("0.0", "1.0"))
    {0: '0.0', 1: '1.0'}
    """
    if isinstance(row, LongRow):
        return dict(zip(row.places, row.numbers, strict=False))
    return dict(enumerate(row))


def everywhere_else(row: Row) -> str | None:
    """Return the number at all places that are not kept; None if there are several or none."""
    return row.rest if isinstance(row, LongRow) else None


def ranges(row: Row) -> tuple[Range, ...] | None:
    """Return a row as ranges of equal numbers, from left to right; None if it is not known whole.

    Examples
    --------
    >>> row = LongRow(length=4097, places=(0, 1, 4096), numbers=("0.0", "0.0", "1.0"), rest="0.0")
    >>> for one in ranges(row):
    ...     print(one.first, one.last, one.number)
    0 4095 0.0
    4096 4096 1.0
    """
    known, rest = kept(row), everywhere_else(row)
    if isinstance(row, LongRow) and rest is None and len(known) < row.length:
        return row.ranges or None
    starts = {after for at in known for after in (at, at + 1)} | {0}
    found: list[Range] = []
    for at in sorted(start for start in starts if 0 <= start < length(row)):
        number = known.get(at, rest or "")
        if not found or found[-1].number != number:
            found.append(Range(first=at, last=at, number=number))
    ends = [*(after.first - 1 for after in found[1:]), length(row) - 1]
    return tuple(
        Range(first=one.first, last=last, number=one.number)
        for one, last in zip(found, ends, strict=bool(found))
    )


def distinct(row: Row) -> int | None:
    """Return how many unlike numbers a row has; None if that is not known.

    Examples
    --------
    >>> distinct(("0.0", "1.0", "0.0"))
    2
    """
    if isinstance(row, LongRow) and row.rest is None and len(row.places) < row.length:
        return row.distinct
    return len(set(texts(row)))


def texts(row: Row) -> Iterator[str]:
    """Yield the numbers that a row is known to have."""
    yield from kept(row).values()
    if (rest := everywhere_else(row)) is not None:
        yield rest
