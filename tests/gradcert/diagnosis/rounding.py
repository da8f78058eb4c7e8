"""True values and budgets of a row in binary64, kept because many flaws are compared on one row.

A diagnosis proves nothing. So it rounds what the oracle proves, and compares plain numbers.
"""

import functools
from collections.abc import Sequence
from math import inf, isnan

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

__all__ = ["is_right", "is_rounding", "lost_in_exponents"]

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


def _rescaled_logits(question: Question) -> Array:
    """Return the numbers whose softmax a row is about: ``u_k = c tanh(s z_k / c)``."""
    u, softcap = question.loss.logit_scale * np.array(question["logits"]), question.loss.softcap
    rescaled: Array = u if softcap == inf else softcap * np.tanh(u / softcap)
    return rescaled


def lost_in_exponents(question: Question, values: int, *, whole: bool = False) -> Array:
    """Return what the rounding of ``ln o_j`` costs each value of a row in its format.

    It is ``o_j |ln o_j|`` ulps of one, times the most that a probability is multiplied by:
    ``|M g| s (w T / D + 2 zeta |L| / D_z)``, with T the sum of the sizes of the targets and w the
    largest class weight, both no less than one. With a v it is multiplied by the largest ``|v_k|``
    and by their number, without those of masked classes.

    Parameters
    ----------
    question
        The row.
    values
        The number of its values. Nothing is lost where it is not that of the logits.
    whole
        Whether a flaw may leave out what makes a row count less than one: the factor is no less
        than one then.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64, question
    >>> asked = question("dE/dz", (0.0, 0.0), (1.0, 0.0), format=BINARY64)
    >>> lost_in_exponents(asked, 2) / 2.0**-52
    array([0.34657359, 0.34657359])
    """
    loss, share = question.loss, question.share
    u = _rescaled_logits(question)
    visible = np.isfinite(u)
    if len(u) != values or not visible.any():
        return np.zeros(1)
    largest = u[visible].max()
    log_sum_exp = largest + np.log(np.exp(u[visible] - largest).sum())
    logarithms = u[visible] - log_sum_exp
    lost = np.zeros(values)
    lost[visible] = -np.exp(logarithms) * logarithms * 2.0 ** (1 - question.format.precision)
    targets = max(1.0, sum(map(abs, question["targets"]))) * max((1.0, *(loss.class_weights or ())))
    # A row that does not count may be divided by zero.
    pull = targets / (float(share.divisor) or 1.0)
    pull += 2 * loss.z_loss * abs(log_sum_exp) / (float(share.z_divisor) or 1.0)
    factor = abs(loss.multiplier * share.upstream) * loss.logit_scale * pull
    lost *= max(1.0, factor) if whole else factor
    if question["v"]:
        sizes = np.abs(question["v"])[visible]
        # Their sum may be infinite.
        lost *= sizes.max()
        lost *= np.count_nonzero(sizes)
    return lost


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
