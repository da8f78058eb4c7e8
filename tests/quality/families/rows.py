"""The first or the last row of a batch is wrong, or a row has the statistics of its neighbour."""

import numpy as np

from families.faults import drawn_fault
from families.member import ROWS, Drawn, Example, Family, gradient, log_uniform, rows_of_zeros
from gradcert_implementations import Array

__all__ = ["FAMILIES"]

_MOST = ROWS // 2
"""A group of rows has a neighbour in a large batch."""


def _unlike(rows: int) -> Example:
    """Return rows of three classes, each unlike the one before and the one after it."""
    found = rows_of_zeros(rows, 3)
    found.logits[:, 1] = np.arange(rows) % 7 + 1
    return found


def _row(generator: np.random.Generator, which: int, words: str) -> Drawn:
    fewest = log_uniform(generator, 2, _MOST)
    fault = drawn_fault(generator)

    def function(z: Array, t: Array) -> Array:
        found = gradient(z, t)
        if len(z) >= fewest:
            found[[which]] = fault.of(found[[which]], t[[which]])
        return found

    return Drawn(
        f"batches of {fewest} rows or more: the gradient of the {words} row is {fault.words}",
        function,
        lambda: _unlike(fewest),
    )


def _first(generator: np.random.Generator) -> Drawn:
    return _row(generator, 0, "first")


def _last(generator: np.random.Generator) -> Drawn:
    return _row(generator, -1, "last")


def _neighbour(generator: np.random.Generator) -> Drawn:
    group = log_uniform(generator, 2, _MOST)
    ahead = bool(generator.integers(2))
    faults = "the maximum", "the sum", "maximum and sum"
    fault = str(generator.choice(faults))

    def borrowed(statistics: Array) -> Array:
        """Return the statistics of each row, where the rows beside a group's end borrow theirs."""
        found = statistics.copy()
        ends = np.arange(group, len(found), group)
        into, source = (ends - 1, ends) if ahead else (ends, ends - 1)
        found[into] = statistics[source]
        return found

    def function(z: Array, t: Array) -> Array:
        own = z.max(axis=1, keepdims=True)
        sums = np.exp(z - own).sum(axis=1, keepdims=True)
        largest = own if fault == faults[1] else borrowed(own)
        sums = sums if fault == faults[0] else borrowed(sums)
        difference: Array = np.exp(z - largest) / sums - t
        return difference

    row, other = ("last", "next") if ahead else ("first", "former")
    return Drawn(
        f"batches of more than {group} rows: the {row} row of a group of {group} has {fault} of "
        f"the {other} row, in the {other} group",
        function,
        lambda: _unlike(group + 1),
    )


FAMILIES = (
    Family("first-row", _first),
    Family("last-row", _last),
    Family("statistics-of-a-neighbour", _neighbour),
)
