"""What a record keeps of large cases: the rows and the numbers that a reader wants to see.

The snippet beside a record builds the whole case, so that nothing is lost.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from gradcert_implementations import Array
from gradcert_reports import LargeBatch, LongRow, Range, Row

__all__ = ["kept_places", "kept_rows", "row_of"]

_LONG = 128
"""A row of at most this length is kept whole."""

_LARGE = 32
"""A batch of at most this number of rows is kept whole."""

_ENDS = 3
"""Numbers that are kept of each end of a long row, ..."""

_BESIDE = 2
"""... and on each side of the wrong value."""

_UNLIKE = 8
"""Numbers that are kept of each kind that stands out: those unlike the commonest of their row."""

_RANGES = 12
"""A row of at most this number of ranges of equal numbers is described by them."""


def kept_rows(rows: int, wrong: int) -> LargeBatch | None:
    """Return which rows of a large batch are kept; None for a batch that is kept whole.

    They are the first two, the last, the wrong one, and those beside it.

    Examples
    --------
    >>> kept_rows(65537, 4096)
    LargeBatch(rows=65537, kept=(0, 1, 4095, 4096, 4097, 65536))
    """
    if rows <= _LARGE:
        return None
    wanted = {0, 1, wrong - 1, wrong, wrong + 1, rows - 1}
    return LargeBatch(rows=rows, kept=tuple(sorted(wanted & set(range(rows)))))


def _standing_out(row: Array) -> Iterable[int]:
    """Return the places of the numbers unlike the commonest; if they are many, of the extremes."""
    numbers, counts = np.unique(row, return_counts=True)
    unlike = np.flatnonzero(row != numbers[counts.argmax()])
    if len(unlike) <= _UNLIKE:
        return map(int, unlike)
    return map(int, (row.argmax(), row.argmin()))


def kept_places(rows: Sequence[Array], wrong: int | None) -> tuple[int, ...] | None:
    """Return which numbers of equally long rows are kept; None for rows that are kept whole.

    They are those at both ends, those at and beside the wrong value, and those that stand out in
    one of the rows: unlike nearly all others, or else its largest and its smallest.

    Examples
    --------
    >>> row = np.zeros(4097)
    >>> row[4000] = 1
    >>> kept_places([row], 1024)
    (0, 1, 2, 1022, 1023, 1024, 1025, 1026, 4000, 4094, 4095, 4096)
    """
    count = len(rows[0])
    if count <= _LONG:
        return None
    wanted = {*range(_ENDS), *range(count - _ENDS, count)}
    if wrong is not None:
        wanted |= {*range(max(0, wrong - _BESIDE), min(count, wrong + _BESIDE + 1))}
    for row in rows:
        wanted.update(_standing_out(row))
    return tuple(sorted(wanted))


def _ranges(texts: Sequence[str]) -> tuple[Range, ...]:
    """Return a row as ranges of equal numbers; empty if there are many."""
    starts = [0, *(at for at in range(1, len(texts)) if texts[at] != texts[at - 1])]
    if len(starts) > _RANGES:
        return ()
    ends = [*(start - 1 for start in starts[1:]), len(texts) - 1]
    return tuple(
        Range(first=first, last=last, number=texts[first])
        for first, last in zip(starts, ends, strict=True)
    )


def row_of(texts: Sequence[str], places: Sequence[int] | None) -> Row:
    """Return the record of a row, with the numbers at these places; all of them for None."""
    if places is None:
        return tuple(texts)
    others = Counter(texts)
    others.subtract(texts[place] for place in places)
    rest = [text for text, count in others.items() if count > 0]
    several = len(rest) > 1
    return LongRow(
        length=len(texts),
        places=tuple(places),
        numbers=tuple(texts[place] for place in places),
        rest=rest[0] if len(rest) == 1 else None,
        ranges=_ranges(texts) if several else (),
        distinct=len(others) if several else None,
    )
