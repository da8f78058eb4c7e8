"""Simpler numbers in a failing case: zeros wherever they may be, then few and small integers."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from gradcert.core.case import Case, Regime
from gradcert.engine.smallest_case import SmallestCase
from gradcert.generation.plain import PLAIN_NUMBERS
from gradcert.generation.regimes import MASKED
from gradcert_implementations import Array

__all__ = [
    "relabelled",
    "with_equal_numbers",
    "with_plain_places",
    "with_plain_rows",
    "with_small_numbers",
]

_REDUCED = "reduced"
"""The shape of a row that has lost its own."""

_FEW = 8
"""So many unlike numbers are made smaller one by one."""

_FINEST = 4
"""A number that cannot be an integer is tried with up to three binary places."""


@functools.cache
def _regime(masked: bool, targets: str, v: str) -> Regime:
    return Regime(_REDUCED, (MASKED,) if masked else (), targets, v)


def relabelled(case: Case) -> Case:
    """Return the case with regimes that say what its rows still are."""
    hidden = np.any(case.point == -np.inf, axis=1).tolist()
    regimes = (
        _regime(masked, regime.targets, regime.v)
        for masked, regime in zip(hidden, case.regimes, strict=True)
    )
    return replace(case, regimes=tuple(regimes))


def _plain(case: Case) -> float:
    return PLAIN_NUMBERS[next(iter(case.arguments))]


def _tried(smallest: SmallestCase, point: Array) -> bool:
    """Try other numbers, of which no more are unlike the plain one, and none larger than before."""
    case, plain = smallest.case, _plain(smallest.case)
    point = point.astype(case.point.dtype) + 0  # No zero is negative.
    sizes = [np.abs(one[np.isfinite(one)]).max(initial=plain) for one in (case.point, point)]
    counts = [np.count_nonzero(one != plain) for one in (case.point, point)]
    if sizes[1] > sizes[0] or counts[1] > counts[0]:
        return False
    if np.array_equal(point, case.point, equal_nan=True):
        return False
    return smallest.tried(relabelled(case.at(point)))


def _replaced(point: Array, places: Array, number: "Array | float") -> Array:
    return np.where(places, number, point)


def with_plain_rows(smallest: SmallestCase) -> None:
    """Try rows of zeros, then integers, then a largest number of zero.

    Masked classes are tried as zeros first, and stay masked if that does not fail.
    """
    plain, point = _plain(smallest.case), smallest.case.point
    if _tried(smallest, _replaced(point, ~np.isnan(point), plain)):
        return
    _tried(smallest, _replaced(point, np.isinf(point), plain))
    point = smallest.case.point
    if _tried(smallest, _replaced(point, np.isfinite(point), plain)) or plain:
        return
    _tried(smallest, np.round(point))
    point = smallest.case.point.astype(np.float64)
    largest = point.max(axis=1, keepdims=True)
    if np.isfinite(largest).all():
        _tried(smallest, point - largest)


def with_equal_numbers(smallest: SmallestCase, largest_logit: float) -> None:
    """Try the largest visible number of each row in place of its finite ones, and then the least.

    A number beyond the largest logit stands for a mask.
    """
    point = smallest.case.point
    finite, visible = np.isfinite(point), np.abs(point.astype(np.float64)) <= largest_logit
    if not visible.any(axis=1).all():
        return
    largest = np.where(visible, point, -np.inf).max(axis=1, keepdims=True)
    least = np.where(visible, point, np.inf).min(axis=1, keepdims=True)
    if not _tried(smallest, _replaced(point, finite, largest)):
        _tried(smallest, _replaced(point, finite, least))


def _halves(places: Array) -> Iterator[Array]:
    """Yield both halves of the places, then their quarters, and so on down to single places."""
    size = len(places)
    while size > 1:
        size = (size + 1) // 2
        yield from (places[start : start + size] for start in range(0, len(places), size))


def _with_plain_parts(smallest: SmallestCase, which: Callable[[Array], Array], most: int) -> None:
    """Replace parts of these numbers by plain ones, the halves of them first.

    The same classes are replaced in all rows where the rows are equal.
    """
    plain, point = _plain(smallest.case), smallest.case.point
    equal = bool((point == point[:1]).all())
    places = np.flatnonzero(which(point[:1] if equal else point))
    left = smallest.cases_left
    for part in _halves(places):
        if left - smallest.cases_left >= most or not smallest.cases_left:
            return
        changed = smallest.case.point.copy()
        if equal:
            changed[:, part] = plain
        else:
            changed.flat[part] = plain
        _tried(smallest, changed)


def with_plain_places(smallest: SmallestCase, most: int) -> None:
    """Replace masked classes by zeros, and then other numbers, as many at a time as may be.

    Parameters
    ----------
    smallest
        The case.
    most
        The number of tries for the masked classes, and for the others.
    """
    plain = _plain(smallest.case)
    _with_plain_parts(smallest, np.isinf, most)
    _with_plain_parts(smallest, lambda point: np.isfinite(point) & (point != plain), most)
    # One block of masked classes is easier to read than many.
    masked, arguments = smallest.case.point == -np.inf, smallest.case.arguments
    needed = arguments.get("targets", np.zeros(masked.shape)) != 0
    v = arguments.get("v", np.zeros(masked.shape)) != 0
    if not (v & masked).any():  # Then a number there may be outside the domain.
        needed |= v
    if (np.diff(masked, axis=1).sum(axis=1) > 2).any():
        for ordered in (np.sort(masked, axis=1), np.sort(masked, axis=1)[:, ::-1]):
            if not (ordered & needed).any():
                kept = np.where(masked, plain, smallest.case.point)
                if _tried(smallest, _replaced(kept, ordered, -np.inf)):
                    return


def _with_small_number(smallest: SmallestCase, number: float) -> None:
    """Make one number an integer or a short fraction, and then the smallest integer of its sign."""
    places = smallest.case.point == number

    def fails(other: float) -> bool:
        return _tried(smallest, _replaced(smallest.case.point, places, other))

    if not float(number).is_integer():
        # A number that is rounded up may be larger than all before. Then it is rounded down.
        scales = [2.0**power for power in range(_FINEST)]
        short = (float(cut(number * one) / one) for one in scales for cut in (np.round, np.trunc))
        found = next((one for one in short if one == number or (one and fails(one))), None)
        if found is None or not found.is_integer():
            return
        number = found
    passes, failing = 0, int(abs(number))
    while failing - passes > 1 and smallest.cases_left:
        middle = (passes + failing) // 2
        if fails(float(np.copysign(middle, number))):
            failing = middle
        else:
            passes = middle


def with_small_numbers(smallest: SmallestCase) -> None:
    """Make a few unlike logits small integers, one after the other."""
    point = smallest.case.point
    numbers = np.unique(point[np.isfinite(point) & (point != 0)]).tolist()
    if not _plain(smallest.case) and len(numbers) <= _FEW:
        for number in numbers:
            _with_small_number(smallest, number)
