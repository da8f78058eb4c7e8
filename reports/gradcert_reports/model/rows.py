"""Rows of numbers as text: all numbers of a row, or some of a long one.

Numbers of the format under test are written as decimal strings that read back as the same number,
because JSON has no NaN and no infinity.
"""

from collections.abc import Iterator

import msgspec

__all__ = ["LargeBatch", "LongRow", "Numbers", "Row", "everywhere_else", "kept", "length", "texts"]

Numbers = tuple[tuple[str, ...], ...]
"""An array: its rows, each number as text."""


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
    """

    length: int
    places: tuple[int, ...]
    numbers: tuple[str, ...]
    rest: str | None = None


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


def texts(row: Row) -> Iterator[str]:
    """Yield the numbers that a row is known to have."""
    yield from kept(row).values()
    if (rest := everywhere_else(row)) is not None:
        yield rest
