"""A smaller failing case from a failing case of many numbers.

The values of the plan do not come from Hypothesis, so Hypothesis cannot shrink them, and a long row
that it draws it shrinks in part. The steps here keep a case in the domain of its claim: only
classes without a target are dropped, no number grows beyond the largest, and targets become one-hot
or two halves.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from gradcert.core.case import Case
from gradcert.engine.simpler_numbers import (
    relabelled,
    with_equal_numbers,
    with_plain_places,
    with_plain_rows,
    with_small_numbers,
)
from gradcert.engine.smallest_case import SmallestCase
from gradcert.generation.vectors import ONE_HOT
from gradcert_implementations import Array

__all__ = ["reduced", "with_plain_upstream"]

_STEP = 80
"""Tries of one step, so that there are some left for the next ones."""


def _with_equal_rows(smallest: SmallestCase, row: int) -> None:
    """Try the failing row alone, or else in place of all others."""
    case = smallest.case
    if case.rows > 1 and not smallest.tried(case.alone(row)):
        smallest.tried(case.of_rows(np.full(case.rows, row)))


def _with_fewer_rows(smallest: SmallestCase) -> None:
    """Try half of equal rows, and then other numbers of them; or drop rows that are unlike."""
    too_few = 1
    equal = all((array == array[:1]).all() for array in smallest.case.arguments.values())
    while equal and smallest.case.rows > too_few + 1 and smallest.cases_left:
        rows = (too_few + smallest.case.rows) // 2
        if not smallest.tried(smallest.case.of_rows(np.zeros(rows, int))):
            too_few = rows
    left = smallest.cases_left
    for size in _sizes(0 if equal else smallest.case.rows):
        for stop in range(smallest.case.rows, 0, -size):
            if not smallest.cases_left or left - smallest.cases_left >= _STEP:
                return
            kept = np.delete(np.arange(smallest.case.rows), range(max(0, stop - size), stop))
            if len(kept):
                smallest.tried(smallest.case.of_rows(kept))


def _dropped(case: Case, start: int, stop: int) -> Case:
    """Return the case without these classes, but for those with a target."""
    keep: Array = np.any(case["targets"], axis=0)
    keep[:start] = keep[stop:] = True
    return relabelled(case.map(lambda array: np.compress(keep, array, axis=1)))


def _sizes(count: int) -> Iterator[int]:
    """Yield half of a number, then a quarter, and so on down to one."""
    while count > 1:
        count = (count + 1) // 2
        yield count


def _with_fewer_classes(smallest: SmallestCase, fewest: int) -> None:
    """Drop classes without a target: at the end, and then anywhere, half of them first."""
    left = smallest.cases_left

    def without(start: int, stop: int) -> None:
        case = smallest.case
        smaller = _dropped(case, max(0, start), stop)
        finite = (smaller.point > -np.inf).any(axis=1).all()
        if finite and fewest <= smaller.classes < case.classes:
            smallest.tried(smaller)

    for size in _sizes(smallest.case.classes):
        without(smallest.case.classes - size, smallest.case.classes)
    for size in _sizes(smallest.case.classes):
        # From right to left, what is dropped leaves the places of the next classes as they are.
        for stop in range(smallest.case.classes, 0, -size):
            if not smallest.cases_left or left - smallest.cases_left >= _STEP:
                return
            without(stop - size, stop)


def _have_numbers(case: Case) -> Array:
    """Return which rows may have a target. An ignored row may hold anything, and then stays so."""
    point = case.point.astype(np.float64)
    largest: Array = point.max(axis=1)  # NaN is the largest of all.
    return np.isfinite(largest)


def _targets(case: Case, largest_logit: float) -> Iterator[tuple[str, Array]]:
    """Yield simpler targets, the simplest first, with the name of their kind.

    They are one-hot on the first class, the largest target, or the last one; or else two halves.
    """
    given = case["targets"] != 0
    rows = np.flatnonzero(_have_numbers(case))
    first, last = given.argmax(axis=1), case.classes - 1 - given[:, ::-1].argmax(axis=1)
    largest = np.abs(case["targets"]).argmax(axis=1)
    # Beyond the largest logit a number stands for a mask.
    visible = np.abs(case.point.astype(np.float64)) <= largest_logit
    for one in (np.zeros(case.rows, int), largest, first, last):
        if visible[rows, one[rows]].all():
            targets = np.zeros_like(case["targets"])
            targets[rows, one[rows]] = 1
            yield "one-hot", targets
    if given.any(axis=1).all() and (first != last).all():
        targets = np.zeros_like(case["targets"])
        targets[rows, first[rows]] = targets[rows, last[rows]] = 0.5
        yield "soft", targets


def _with_plain_targets(smallest: SmallestCase, largest_logit: float) -> None:
    """Make the targets of each row one-hot, or two halves."""
    case = smallest.case
    for kind, targets in _targets(case, largest_logit):
        if (targets == case["targets"]).all():
            return
        has_target: Array = np.any(targets, axis=1)
        regimes = tuple(
            replace(regime, targets=kind) if has else regime
            for regime, has in zip(case.regimes, has_target, strict=True)
        )
        arguments = {**case.arguments, "targets": targets}
        if smallest.tried(replace(case, arguments=arguments, regimes=regimes)):
            return


def _vectors(case: Case) -> Iterator[tuple[str, Array]]:
    """Yield simpler v, the simplest first, with the name of their kind.

    One class has a one: the first, the one of the largest v, or the last; or v is rounded.
    """
    given = case["v"].astype(np.float64)
    for one in (0, np.abs(given).argmax(axis=1), -1):
        v = np.zeros_like(case["v"])
        v[np.arange(case.rows), one] = 1
        v[~_have_numbers(case)] = 0
        yield ONE_HOT, v
    for v in (np.sign(given), np.round(given)):
        yield "v reduced", v.astype(case["v"].dtype)


def _with_plain_vectors(smallest: SmallestCase) -> None:
    """Make v one in one class, or else of small numbers."""
    if "v" not in smallest.case.arguments:
        return
    case = smallest.case
    for kind, simpler in _vectors(case):
        # A number where a logit is -inf may be outside the domain.
        v = np.where((simpler == 0) | (case.point > -np.inf), simpler, case["v"])
        if (v == case["v"]).all():
            return
        regimes = tuple(replace(regime, v=kind) for regime in case.regimes)
        if smallest.tried(replace(case, arguments={**case.arguments, "v": v}, regimes=regimes)):
            return


def with_plain_upstream(smallest: SmallestCase, row: int) -> None:
    """Try an upstream gradient of ones, then the same simple number for all rows."""
    upstream = smallest.case.upstream
    if upstream is None or smallest.tried(replace(smallest.case, upstream=None)):
        return
    sign = np.sign(upstream[row] if upstream.ndim else upstream)
    for number in (2 * sign, 0.5 * sign, 0 * sign):
        plain = np.full_like(upstream, number)
        if smallest.tried(replace(smallest.case, upstream=plain)):
            return


def reduced(
    case: Case,
    row: int,
    fails: Callable[[Case], bool],
    *,
    fewest_classes: int,
    largest_logit: float,
) -> Case:
    """Return a smaller case that fails, after a bounded number of tries.

    Parameters
    ----------
    case, row
        The failing case, and the row that the failure is about.
    fails
        Whether a case fails.
    fewest_classes
        The fewest classes that the subject takes.
    largest_logit
        The largest logit that it takes. A larger finite one stands for a mask.

    Examples
    --------
    >>> from gradcert.core.case import Regime
    >>> z, t = np.array([[1.5, 0.0, 9.25, 2.0]]), np.array([[0.0, 1.0, 0.0, 0.0]])
    >>> case = Case({"logits": z, "targets": t}, (Regime("benign"),))
    >>> def fails(one):
    ...     return one.point.max() > 8
    >>> reduced(case, 0, fails, fewest_classes=1, largest_logit=1e4).point.tolist()
    [[0.0, 9.0]]
    """
    smallest = SmallestCase(case, fails)
    with_plain_upstream(smallest, row)
    _with_equal_rows(smallest, row)
    _with_plain_targets(smallest, largest_logit)
    _with_plain_vectors(smallest)
    # Numbers come first: few are unlike, and more classes can be dropped where they are equal.
    with_plain_rows(smallest)
    with_plain_places(smallest, _STEP)
    with_equal_numbers(smallest, largest_logit)
    _with_fewer_classes(smallest, fewest_classes)
    _with_fewer_rows(smallest)
    _with_fewer_classes(smallest, fewest_classes)  # Those that had a target in other rows only.
    # With other numbers, other targets may do, and the other way round.
    _with_plain_targets(smallest, largest_logit)
    _with_plain_vectors(smallest)
    with_plain_rows(smallest)
    with_small_numbers(smallest)
    return smallest.case
