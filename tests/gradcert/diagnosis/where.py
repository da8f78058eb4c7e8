"""Where an answer is wrong: what holds of every wrong row, and of no right one."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from math import inf

import numpy as np

from gradcert.core.case import Case
from gradcert.diagnosis.row_traits import Trait, traits_of
from gradcert_implementations import Array

__all__ = ["Condition", "Rows", "where"]

_ENOUGH = 3
"""Wrong rows, and right ones, that a conclusion needs: fewer share a trait by chance."""

_ROWS = 48
"""Rows of a case that stand for all of them."""


@dataclass(frozen=True)
class Rows:
    """Some rows of a case."""

    case: Case
    rows: Sequence[int]


@dataclass(frozen=True)
class _Bound:
    """A bound of a trait that all wrong rows keep, and which right rows keep it too."""

    trait: Trait
    low: float
    high: float
    words: str
    also: Array

    def holds(self, case: Case) -> Array:
        """Return which rows of a case keep it."""
        measured = _measured(self.trait, [Rows(case, range(case.rows))])
        kept: Array = (self.low <= measured) & (measured <= self.high)
        return kept


@dataclass(frozen=True)
class Condition:
    """One to three bounds that all wrong rows keep, and no right row does."""

    bounds: tuple[_Bound, ...]

    def __str__(self) -> str:
        *first, last = (bound.words for bound in self.bounds)
        return f"{', '.join(first)} and {last}" if first else last

    def holds(self, case: Case) -> Array:
        """Return which rows of a case keep all bounds."""
        kept: Array = np.logical_and.reduce([bound.holds(case) for bound in self.bounds])
        return kept


def _measured(trait: Trait, some: Sequence[Rows]) -> Array:
    """Return the trait of each row."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # A row of NaN has no largest number.
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


def _bounds(trait: Trait, wrong: Array, right: Array) -> Iterator[_Bound]:
    """Yield the bounds of a trait that all wrong rows keep, and some right rows do not."""
    if np.isnan(wrong).any():
        return
    low, high = wrong.min(), wrong.max()
    found = [(trait.exactly, low, high)] if low == high else []
    for words, least, most in (*found, (trait.at_least, low, inf), (trait.at_most, -inf, high)):
        also = (least <= right) & (right <= most)
        if words and not also.all():
            yield _Bound(trait, least, most, _said(words, low if most == inf else high), also)


def _spread(one: Rows) -> Rows:
    """Return some rows in place of many, evenly spaced."""
    rows = one.rows
    if len(rows) <= _ROWS:
        return one
    return Rows(one.case, [rows[i * len(rows) // _ROWS] for i in range(_ROWS)])


def _best(kept: Array, found: Sequence[_Bound]) -> _Bound:
    """Return the bound that the fewest of the right rows keep that keep other ones."""
    return min(found, key=lambda bound: np.count_nonzero(kept & bound.also))


def where(wrong: Sequence[Rows], right: Sequence[Rows]) -> Condition | None:
    """Return what sets wrong rows apart from right ones.

    Predicate: one bound of one trait of a row, or else two or three bounds, that every wrong row
    keeps and no right row keeps all of. The traits are the sizes of the batch, the place of the
    row, the masked classes, the sizes and gaps of the logits, the targets, and the rests of the
    sizes by powers of two. Three wrong rows and three right ones are needed for each bound. Of
    three bounds, the second and the third are those that the fewest right rows keep together with
    the ones before.

    Returns
    -------
    The condition; None if there is none.

    Examples
    --------
    >>> from gradcert.core.case import Regime
    >>> def zeros(classes: int) -> Rows:
    ...     array = np.zeros((4, classes))
    ...     case = Case({"logits": array, "targets": array}, (Regime("ties"),) * 4)
    ...     return Rows(case, range(4))
    >>> found = where(wrong=[zeros(9), zeros(12)], right=[zeros(8), zeros(2)])
    >>> print(found, found.holds(zeros(10).case).all())
    in rows of 9 classes or more True
    """
    wrong, right = [*map(_spread, wrong)], [*map(_spread, right)]
    refuting, passing = (sum(len(one.rows) for one in some) for some in (wrong, right))
    if min(refuting, passing) < _ENOUGH:
        return None
    found = list(
        chain.from_iterable(
            _bounds(trait, _measured(trait, wrong), _measured(trait, right))
            for trait in traits_of(wrong[0].case)
        )
    )
    for one in found:
        if not one.also.any():
            return Condition((one,))
    if min(refuting, passing) >= 2 * _ENOUGH:
        for one, other in combinations(found, 2):
            if not (one.also & other.also).any():
                return Condition((one, other))
    if min(refuting, passing) >= 3 * _ENOUGH:
        for one in found:
            second = _best(one.also, found)
            third = _best(one.also & second.also, found)
            if not (one.also & second.also & third.also).any():
                return Condition((one, second, third))
    return None
