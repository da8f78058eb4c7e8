"""A smaller failing case from a failing case of the plan.

The values of the plan do not come from Hypothesis, so Hypothesis cannot shrink them. The steps here
keep a case in the domain of its claim: only classes without a target are dropped, numbers become
zeros or integers, and targets become one-hot.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from gradcert.core.case import Case, Regime
from gradcert.generation.plain import PLAIN_NUMBERS
from gradcert.generation.regimes import MASKED
from gradcert_implementations import Array

__all__ = ["reduced"]

_MOST_NUMBERS = 1 << 22
"""Logits in all cases that are tried."""

_MOST_CASES = 300

_REDUCED = "reduced"
"""The shape of a row that has lost its own."""


class _Reduction:
    """The smallest failing case so far, and what may still be spent."""

    def __init__(self, case: Case, fails: Callable[[Case], bool], fewest: int) -> None:
        self.case = case
        self.fewest = fewest
        self._fails = fails
        self._numbers, self._cases = _MOST_NUMBERS, _MOST_CASES

    @property
    def exhausted(self) -> bool:
        """Whether no more cases may be tried."""
        return self._numbers < self.case.point.size or not self._cases

    def tried(self, case: Case) -> bool:
        """Try a case. If it fails, it is the smallest one from now on."""
        if self.exhausted:
            return False
        self._numbers -= case.point.size
        self._cases -= 1
        failed = self._fails(case)
        if failed:
            self.case = case
        return failed


def _chunks(count: int) -> Iterator[slice]:
    """Yield the halves of a range, then its quarters, and so on down to single places."""
    size = count
    while size > 1:
        size = (size + 1) // 2
        yield from (slice(start, start + size) for start in reversed(range(0, count, size)))


def _with_fewer_rows(reduction: _Reduction, row: int) -> None:
    """Try the failing row alone, then equal rows in place of the others, then fewer of them."""
    case = reduction.case
    if case.rows == 1 or reduction.tried(case.alone(row)):
        return
    same = np.full(case.rows, row)
    if not reduction.tried(case.of_rows(same)):
        return
    too_few = 1
    while reduction.case.rows > too_few + 1:
        rows = (too_few + reduction.case.rows) // 2
        if not reduction.tried(case.of_rows(same[:rows])):
            too_few = rows


@functools.cache
def _regime(masked: bool, targets: str) -> Regime:
    return Regime(_REDUCED, (MASKED,) if masked else (), targets)


def _relabelled(case: Case) -> Case:
    """Return the case with regimes that say what its rows still are."""
    hidden = np.any(case.point == -np.inf, axis=1).tolist()
    regimes = (
        _regime(masked, regime.targets) for masked, regime in zip(hidden, case.regimes, strict=True)
    )
    return replace(case, regimes=tuple(regimes))


def _with_fewer_classes(reduction: _Reduction) -> None:
    """Drop classes without a target, half of them first."""
    for chunk in _chunks(reduction.case.classes):
        if reduction.exhausted:
            return
        case = reduction.case
        keep: Array = np.any(case["targets"], axis=0)
        keep[: chunk.start] = keep[chunk.stop :] = True
        smaller = case.map(functools.partial(np.compress, keep, axis=1))
        finite = (smaller.point > -np.inf).any(axis=1).all()
        if finite and reduction.fewest <= smaller.classes < case.classes:
            reduction.tried(_relabelled(smaller))


def _with(case: Case, places: Array, number: float) -> Case:
    point = case.point.copy()
    point[places] = number
    return _relabelled(case.at(point))


def _with_plain_numbers(reduction: _Reduction) -> None:
    """Replace each number by zero, or by an integer; then all but one of its copies by zero."""
    plain = PLAIN_NUMBERS[next(iter(reduction.case.arguments))]
    point = reduction.case.point
    for number in np.unique(point[~np.isnan(point)]).tolist():
        if reduction.exhausted:
            return
        if number == plain or reduction.tried(_with(reduction.case, point == number, plain)):
            continue
        whole = float(np.round(number)) if np.isfinite(number) else number
        if whole != number and reduction.tried(_with(reduction.case, point == number, whole)):
            left = whole
        else:
            left = number
        for chunk in _chunks(int((point == number).sum())):
            some = np.zeros(point.size, bool)
            some[np.flatnonzero(reduction.case.point == left)[chunk]] = True
            if some.any() and not reduction.exhausted:
                reduction.tried(_with(reduction.case, some.reshape(point.shape), plain))


def _with_one_target(reduction: _Reduction) -> None:
    """Make the targets of each row one-hot, on the largest."""
    case = reduction.case
    targets = np.zeros_like(case["targets"])
    largest = np.abs(case["targets"]).argmax(axis=1)
    targets[np.arange(case.rows), largest] = 1
    if (targets != case["targets"]).any():
        regimes = tuple(replace(regime, targets="one-hot") for regime in case.regimes)
        changed = replace(case, arguments={**case.arguments, "targets": targets}, regimes=regimes)
        reduction.tried(changed)


def reduced(case: Case, row: int, fails: Callable[[Case], bool], *, fewest_classes: int) -> Case:
    """Return a smaller case that fails, after a bounded number of tries.

    Parameters
    ----------
    case, row
        The failing case, and the row that the failure is about.
    fails
        Whether a case fails.
    fewest_classes
        The fewest classes that the subject takes.

    Examples
    --------
    >>> from gradcert.core.case import Regime
    >>> z, t = np.array([[1.5, 0.0, 9.25, 2.0]]), np.array([[0.0, 1.0, 0.0, 0.0]])
    >>> case = Case({"logits": z, "targets": t}, (Regime("benign"),))
    >>> reduced(case, 0, lambda one: one.point.max() > 8, fewest_classes=1).point.tolist()
    [[0.0, 9.0]]
    """
    reduction = _Reduction(case, fails, fewest_classes)
    _with_fewer_rows(reduction, row)
    _with_one_target(reduction)
    # Numbers come first: few are unlike, and more classes can be dropped where they are equal.
    _with_plain_numbers(reduction)
    _with_fewer_classes(reduction)
    return reduction.case
