"""The smallest failing case so far, and how many more cases may be tried to find a smaller one."""

from collections.abc import Callable

from gradcert.core.case import Case

__all__ = ["SmallestCase"]

_MOST_NUMBERS = 1 << 22
"""Logits in all cases that are tried."""

_MOST_CASES = 300


class SmallestCase:
    """The smallest failing case so far.

    Attributes
    ----------
    case
        The case.

    Examples
    --------
    >>> import numpy as np
    >>> from gradcert.core.case import Regime
    >>> case = Case({"logits": np.array([[1.0, 9.0]])}, (Regime("benign"),))
    >>> smallest = SmallestCase(case, lambda one: bool(one.point.max() > 8))
    >>> smallest.tried(case.map(lambda array: array[:, 1:])), smallest.case.classes
    (True, 1)
    >>> smallest.tried(case.map(lambda array: array[:, :1])), smallest.case.classes
    (False, 1)
    """

    def __init__(self, case: Case, fails: Callable[[Case], bool]) -> None:
        self.case = case
        self._fails = fails
        self._numbers, self._cases = _MOST_NUMBERS, _MOST_CASES

    @property
    def cases_left(self) -> int:
        """How many more cases of the size of the smallest one may be tried."""
        return min(self._cases, self._numbers // max(1, self.case.point.size))

    def tried(self, case: Case) -> bool:
        """Try a case. If it fails, it is the smallest one from now on."""
        if not self.cases_left:
            return False
        self._numbers -= case.point.size
        self._cases -= 1
        failed = self._fails(case)
        if failed:
            self.case = case
        return failed
