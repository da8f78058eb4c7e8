"""Kinds of classes: where a wide row has few numbers, equal classes are screened once.

Two classes of a row are of one kind if all is equal that belongs to them: their arguments, and the
value that was returned. Classes with equal hashes are compared, so that a collision costs only
time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradcert_oracle.wider import Array, blocks

__all__ = ["Kinds", "kinds_of"]

_LOOKED_AT = 256
"""Classes that tell whether it is worth the time to look at all."""

_BITS = 12
"""Bits of a hash."""

_ALONE = 16
"""Classes for each row that are taken as kinds of their own, because it is quicker."""

_FACTORS = (
    0x9E3779B97F4A7C15,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0xD6E8FEB86659FD93,
    0xFF51AFD7ED558CCD,
)
"""Odd numbers without a pattern, one for each column."""


@dataclass(frozen=True)
class Kinds:
    """The kinds of the classes of some rows; arrays of shape (rows, kinds).

    Attributes
    ----------
    places
        A class of each kind.
    counts
        How many classes are of that kind, in binary64. A row of fewer kinds than another has its
        first kind again at the end, with a count of zero.
    """

    places: Array
    counts: Array

    def of(self, array: Array) -> Array:
        """Return what belongs to the kinds, of an array of shape (rows, classes)."""
        of_kinds: Array = array[np.arange(len(array))[:, None], self.places]
        return of_kinds


@dataclass(frozen=True)
class _Classes:
    """Classes of some rows, one after the other.

    Attributes
    ----------
    columns
        What belongs to each class.
    rows
        The row of each class.
    """

    columns: Sequence[Array]
    rows: Array

    def part(self, places: Array) -> "_Classes":
        """Return some of the classes."""
        return _Classes([column[places] for column in self.columns], self.rows[places])

    def equals(self, hashed: int) -> tuple[Array, Array]:
        """Return a class of the same row and hash for each class, and whether it is equal to it."""
        mixed = self.columns[0].view(np.uint64) * np.uint64(_FACTORS[0])
        for column, factor in zip(self.columns[1:hashed], _FACTORS[1:], strict=False):
            mixed += column.view(np.uint64) * np.uint64(factor)
        bucket = (mixed >> np.uint64(64 - _BITS)).view(np.int64)
        rows = int(self.rows[-1]) + 1
        if rows > 1:
            bucket += self.rows << _BITS
        last = np.empty(rows << _BITS, np.int64)
        last[bucket] = np.arange(len(bucket))
        found = last.take(bucket)
        equal = self.columns[0].take(found) == self.columns[0]
        for column in self.columns[1:]:
            equal &= column.take(found) == column
        return found, equal


def _kinds_of(columns: Sequence[Array]) -> Kinds:
    rows, classes = columns[0].shape
    flat = [np.ascontiguousarray(column).reshape(-1) for column in columns]
    every = _Classes(flat, np.repeat(np.arange(rows), classes))
    first, equal = every.equals(1)
    left = np.flatnonzero(~equal)
    if left.size > rows * _ALONE:
        found, equal = every.part(left).equals(len(columns))
        first[left] = np.where(equal, left[found], left)
    else:
        first[left] = left
    kinds = np.flatnonzero(first == np.arange(rows * classes))
    row, numbers = kinds // classes, np.bincount(kinds // classes, minlength=rows)
    begins = np.cumsum(numbers) - numbers
    where = row, np.arange(len(kinds)) - begins[row]
    places = np.repeat(kinds[begins, None], numbers.max(), axis=1)
    places[where] = kinds
    counts = np.zeros(places.shape)
    counts[where] = np.bincount(first)[kinds]
    return Kinds(places % classes, counts)


def kinds_of(*columns: Array) -> Kinds | None:
    """Return the kinds of the classes of each row, or None if there are more than a few.

    In a very wide row a kind may come more than once, because blocks of classes are looked at.

    Parameters
    ----------
    *columns
        At most five binary64 arrays of shape (rows, classes).

    Examples
    --------
    >>> kinds_of(np.tile([1.0, 2.0, 1.0, 1.0], (1, 1000))).counts.tolist()
    [[1000.0, 3000.0]]
    >>> kinds_of(np.arange(4000.0)[None]) is None
    True
    """
    classes = columns[0].shape[1]
    if len(set(columns[0][0, :_LOOKED_AT].tolist())) > _LOOKED_AT // 4:
        return None
    places, counts = [], []
    for part in blocks(classes):
        found = _kinds_of([column[:, part] for column in columns])
        places.append(found.places + part.start)
        counts.append(found.counts)
    kinds = Kinds(np.hstack(places), np.hstack(counts))
    return kinds if kinds.counts.shape[1] <= classes // 4 else None
