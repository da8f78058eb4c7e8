"""The bound of a comparison that right answers are sure to meet, from their error budgets."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context

from gradcert.audit.bounds.comparisons import Comparison, Errors
from gradcert.audit.bounds.truth import Truth, errors_of

__all__ = ["SureBound", "errors_in", "sure_bound"]


@dataclass(frozen=True)
class SureBound:
    """A bound that right answers are sure to meet.

    Attributes
    ----------
    written
        The comparison with that bound.
    rows
        The number of rows for which that is proved.
    note
        What else is changed for it, and why.
    """

    written: str
    rows: int
    note: str


def _rounded_up(value: float) -> float:
    """Return a number of two decimal digits that is not smaller.

    Examples
    --------
    >>> _rounded_up(0.00123), _rounded_up(5.0), _rounded_up(0.0), _rounded_up(2.0**-1074)
    (0.0013, 5.0, 0.0, 5e-324)
    """
    return float(Context(prec=2, rounding=ROUND_CEILING).create_decimal_from_float(value))


def errors_in(truths: Sequence[Truth]) -> list[Errors | None]:
    """Return how wrong a right answer may be in each enclosed row; None where its level is void."""
    return [
        errors_of(question, answered.want[place], truth.level)
        for truth in truths
        for answered in truth.answered()
        for place, question in answered.questions.items()
    ]


def sure_bound(compare: Comparison, errors: Sequence[Errors | None]) -> SureBound | None:
    """Return the smallest bound that rows with these errors are sure to meet; None if unknown.

    It is rounded up to two decimal digits.

    Examples
    --------
    >>> import numpy as np
    >>> from gradcert.audit.bounds.comparisons import close
    >>> errors = [Errors(np.array([1.0, 0.5]), np.array([0.1234, 0.01])), None]
    >>> sure_bound(close(1.0, 0.05), errors)
    SureBound(written='atol=0.074,rtol=0.05', rows=1, note='')
    """
    sure = compare.sure
    if sure is None:
        return None
    limits = [limit for one in errors if one and (limit := sure.limit(one)) is not None]
    if not limits:
        return None
    return SureBound(sure.written(_rounded_up(max(limits))), len(limits), sure.note)
