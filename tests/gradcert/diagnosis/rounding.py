"""True values and budgets of a row in binary64, kept because many flaws are compared on one row.

A diagnosis proves nothing. So it rounds what the oracle proves, and compares plain numbers.
"""

import functools
from collections.abc import Sequence

import numpy as np

from gradcert.core.claim import Claim
from gradcert_implementations import Array
from gradcert_oracle import ALLOWED, Algorithm, Question, budgets, enclose, scale

__all__ = ["budgets_of", "is_right"]

_LARGEST = 1 / 32
"""No budget is larger than this part of the row's scale."""

_SHORT, _LONG = 64, 1 << 11
"""Classes of short rows, of which thousands are kept, and of long ones, of which hundreds are.

Of longer rows a few are kept.
"""


def _rounded(question: Question, algorithm: Algorithm | None) -> "Array | None":
    """Return the budgets of an algorithm, None if it is void; without one the true values."""
    found = enclose(question) if algorithm is None else budgets(question, algorithm)
    return None if found is None else np.array([float(value) for value in found])


_of_short_rows = functools.lru_cache(maxsize=1 << 13)(_rounded)
_of_longest_rows = functools.lru_cache(maxsize=1 << 4)(_rounded)
_of_long_rows = functools.lru_cache(maxsize=1 << 8)(_rounded)


def _kept(question: Question, algorithm: Algorithm | None) -> "Array | None":
    if question.classes <= _SHORT:
        return _of_short_rows(question, algorithm)
    if question.classes <= _LONG:
        return _of_long_rows(question, algorithm)
    return _of_longest_rows(question, algorithm)


def budgets_of(question: Question, algorithm: Algorithm) -> "Array | None":
    """Return the budgets of a row, rounded; None where the algorithm is void on it.

    It is void where a check put a NaN into the row.
    """
    return None if any(x != x for x in question.rows[0]) else _kept(question, algorithm)


def is_right(claim: Claim, question: Question, values: Sequence[float]) -> bool:
    """Return whether all values of a row are within two budgets of some algorithm.

    It decides as the judge does, but for errors that are two budgets to the last digits. A row with
    a true value beyond the largest number of the format is right.
    """
    true = _kept(question, None)
    if true is None or np.abs(true).max() > question.format.max:
        return True
    errors = np.abs(np.array(values) - true)
    largest = question.format.underflow + _LARGEST * scale(question)
    if not (errors <= ALLOWED * largest).all():
        return False
    found = (budgets_of(question, algorithm) for algorithm in claim.levels)
    return any(b is not None and bool((errors <= ALLOWED * b).all()) for b in found)
