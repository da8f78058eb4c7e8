"""True values and budgets of a row in binary64, kept because many flaws are compared on one row.

A diagnosis proves nothing. So it rounds what the oracle proves, and compares plain numbers.
"""

import functools
from collections.abc import Sequence
from math import isnan

import numpy as np

from gradcert.core.claim import Claim
from gradcert_implementations import Array
from gradcert_oracle import (
    ALLOWED,
    Algorithm,
    Question,
    algorithms,
    budgets,
    enclose,
    scale,
)

__all__ = ["is_right", "is_rounding"]

_LARGEST = 1 / 32
"""No budget is larger than this part of the row's scale."""

_SHORT, _LONG = 64, 1 << 13
"""Classes of short rows, of which thousands are kept, and of long ones, of which hundreds are."""


class _Row:
    """The true values and the budgets of one row, each computed when it is needed."""

    def __init__(self, question: Question) -> None:
        self._question = question
        parts = question.parts or (question,)
        self._has_nan = any(isnan(x) for part in parts if part.share.kept for x in part.rows[0])
        self._budgets: dict[Algorithm, Array | None] = {}

    @functools.cached_property
    def true(self) -> Array:
        return np.array([float(value) for value in enclose(self._question)])

    @functools.cached_property
    def largest(self) -> float:
        """What no budget exceeds by far: options of a loss and underflow add to it."""
        if self._has_nan:
            return 0.0
        return self._question.format.underflow + _LARGEST * scale(self._question)

    def budgets(self, algorithm: Algorithm) -> "Array | None":
        if algorithm not in self._budgets:
            found = None if self._has_nan else budgets(self._question, algorithm)
            rounded = None if found is None else np.array([float(budget) for budget in found])
            self._budgets[algorithm] = rounded
        return self._budgets[algorithm]


_of_short_rows = functools.lru_cache(maxsize=1 << 12)(_Row)
_of_long_rows = functools.lru_cache(maxsize=1 << 8)(_Row)
_of_longest_rows = functools.lru_cache(maxsize=12)(_Row)


def _row(question: Question) -> _Row:
    if question.classes <= _SHORT:
        return _of_short_rows(question)
    return (_of_long_rows if question.classes <= _LONG else _of_longest_rows)(question)


def is_rounding(question: Question, differences: Array, rounding: Array) -> bool:
    """Return whether the differences of two answers to a row are no more than rounding costs.

    Predicate: for some textbook algorithm with budgets b, all differences are at most ``2 (b +
    rounding)``. Where an algorithm is void, and where a row that counts has a NaN, b is zero.
    """
    row = _row(question)
    # Most differences are larger than any budget, and a budget is dear.
    if not (differences <= 2 * ALLOWED * (row.largest + rounding)).all():
        return False
    found = map(row.budgets, algorithms(question.format))
    return any(
        bool((differences <= ALLOWED * (rounding if b is None else b + rounding)).all())
        for b in found
    )


def is_right(claim: Claim, question: Question, values: Sequence[float]) -> bool:
    """Return whether all values of a row are within two budgets of some algorithm.

    It decides as the judge does, but for errors that are two budgets to the last digits. A row with
    a true value beyond the largest number of the format is right. Where a row does not count, only
    zeros are right.
    """
    if not question.share.kept:
        return not np.any(values)
    row = _row(question)
    if np.abs(row.true).max() > question.format.max:
        return True
    # Two numbers of binary64 may be further apart than its largest, and then the error is infinite.
    with np.errstate(over="ignore", invalid="ignore"):
        errors = np.abs(np.array(values) - row.true)
    if not (errors <= ALLOWED * row.largest).all():
        return False
    found = (row.budgets(algorithm) for algorithm in claim.levels)
    return any(b is not None and bool((errors <= ALLOWED * b).all()) for b in found)
