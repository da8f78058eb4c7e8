"""The choices that a loss has: who shares the smoothing, what becomes of the rows of a batch."""

from enum import StrEnum
from math import nan

__all__ = ["MeanOver", "NothingKept", "Reduction", "SmoothingOver"]


class SmoothingOver(StrEnum):
    """Which classes share the label smoothing.

    Attributes
    ----------
    ALL
        All K classes: each gets e/K.
    OTHERS
        All but the label: each of the others gets e/(K - 1).
    """

    ALL = "all"
    OTHERS = "others"


class Reduction(StrEnum):
    """What becomes of the losses of the rows.

    Attributes
    ----------
    NONE
        The loss is one value for each row.
    SUM
        The loss is one number: their sum.
    MEAN
        The loss is one number: their sum, divided as :class:`MeanOver` says.
    """

    NONE = "none"
    SUM = "sum"
    MEAN = "mean"


class MeanOver(StrEnum):
    """What a mean divides by.

    Attributes
    ----------
    ROWS
        The number R of all rows, also of those ignored.
    KEPT
        The number of rows that are not ignored. Without an ``ignore_index`` these are all rows.
    WEIGHTS
        The sum of the labels' class weights over the rows that are not ignored.
    ELEMENTS
        The number R K of all logits.
    """

    ROWS = "rows"
    KEPT = "kept"
    WEIGHTS = "weights"
    ELEMENTS = "elements"


class NothingKept(StrEnum):
    """What a mean over no rows may be. Its formula is 0/0.

    Attributes
    ----------
    NAN
        NaN.
    ZERO
        Zero.
    EITHER
        NaN or zero; both pass.
    """

    NAN = "nan"
    ZERO = "zero"
    EITHER = "either"

    @property
    def number(self) -> float:
        """One of the numbers that it allows: zero if that is demanded, else NaN.

        Examples
        --------
        >>> NothingKept.ZERO.number, NothingKept.EITHER.number
        (0.0, nan)
        """
        return 0.0 if self is NothingKept.ZERO else nan
