"""Where an answer is wrong: what holds of every wrong row, and of no right one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np

from gradcert.core.case import Case
from gradcert.diagnosis.row_traits import Trait, traits_of
from gradcert_implementations import Array

__all__ = ["Rows", "where"]

_WRONG, _RIGHT = 3, 8
"""Wrong rows, and right ones, that a conclusion needs: fewer share a trait by chance."""

_ROWS = 48
"""Rows of a case that stand for all of them."""


@dataclass(frozen=True)
class Rows:
    """Some rows of a case."""

    case: Case
    rows: Sequence[int]


@dataclass(frozen=True)
class _Condition:
    """A bound that all wrong rows keep, in words, and the right rows that keep it too."""

    words: str
    also: Array


def _measured(trait: Trait, some: Sequence[Rows]) -> Array:
    """Return the trait of each row."""
    with np.errstate(all="ignore"):
        found = (np.asarray(trait.measure(one.case), float)[list(one.rows)] for one in some)
        return np.concatenate([np.zeros(0), *found])


def _said(words: str, bound: float) -> str:
    """Return a condition in words: numbers with their bounds, and 1 class in place of 1 classes."""
    if "multiple" in words:
        return words.format("no" if bound else "a")
    said = words.format(bound)
    for many in ("classes", "rows", "masked classes", "targets"):
        one = many.removesuffix("es") if many.endswith("sses") else many.removesuffix("s")
        said = said.replace(f" 1 {many}", f" 1 {one}")
    return said


def _conditions(trait: Trait, wrong: Array, right: Array) -> Iterator[_Condition]:
    """Yield the bounds of a trait that all wrong rows keep, and some right rows do not."""
    if np.isnan(wrong).any():
        return
    low, high = wrong.min(), wrong.max()
    found = []
    if trait.exactly and low == high:
        found.append(_Condition(_said(trait.exactly, low), right == low))
    if trait.at_least:
        found.append(_Condition(_said(trait.at_least, low), right >= low))
    if trait.at_most:
        found.append(_Condition(_said(trait.at_most, high), right <= high))
    yield from (one for one in found if not one.also.all())


def _spread(one: Rows) -> Rows:
    """Return some rows in place of many, evenly spaced."""
    rows = one.rows
    if len(rows) <= _ROWS:
        return one
    return Rows(one.case, [rows[i * len(rows) // _ROWS] for i in range(_ROWS)])


def where(wrong: Sequence[Rows], right: Sequence[Rows]) -> str:
    """Return what sets wrong rows apart from right ones, in words.

    Predicate: one bound of one trait of a row, or else two bounds, that every wrong row keeps and
    no right row keeps. The traits are the sizes of the batch, the place of the row, the masked
    classes, the sizes and gaps of the logits, the targets, and the rests of the sizes by powers of
    two. Three wrong rows and eight right ones are needed, twice as many for two bounds.

    Returns
    -------
    The condition; empty if there is none.

    Examples
    --------
    >>> from gradcert.core.case import Regime
    >>> def zeros(classes: int) -> Rows:
    ...     array = np.zeros((4, classes))
    ...     case = Case({"logits": array, "targets": array}, (Regime("ties"),) * 4)
    ...     return Rows(case, range(4))
    >>> where(wrong=[zeros(9), zeros(12)], right=[zeros(8), zeros(2)])
    'in rows of 9 classes or more'
    """
    wrong, right = [*map(_spread, wrong)], [*map(_spread, right)]
    refuting, passing = (sum(len(one.rows) for one in some) for some in (wrong, right))
    if refuting < _WRONG or passing < _RIGHT:
        return ""
    found = list(
        chain.from_iterable(
            _conditions(trait, _measured(trait, wrong), _measured(trait, right))
            for trait in traits_of(wrong[0].case)
        )
    )
    for one in found:
        if not one.also.any():
            return one.words
    if refuting >= 2 * _WRONG and passing >= 2 * _RIGHT:
        for one, other in combinations(found, 2):
            if not (one.also & other.also).any():
                return f"{one.words} and {other.words}"
    return ""
