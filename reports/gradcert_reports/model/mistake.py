"""The kinds of mistakes, by where a reader would look for them."""

from enum import StrEnum

__all__ = ["Mistake"]


class Mistake(StrEnum):
    """What kind of mistake makes a quantity wrong. The kinds stand from the worst to the mildest.

    Examples
    --------
    >>> Mistake.OVERFLOW
    'NaN or overflow'
    >>> Mistake.FORMULA.severity > Mistake.PRECISION.severity
    True
    """

    FORMULA = "wrong formula"
    """It is wrong on paper: a derivative, a factor, a sign, a term."""

    MASK = "wrong where masked"
    """A class that is masked with -inf spoils the others."""

    IGNORED = "wrong where a row is ignored"
    """A row whose label is ignored has a gradient, or counts in a mean."""

    OVERFLOW = "NaN or overflow"
    """The answer is NaN or infinite, or a step overflows, and the true value is finite."""

    MEMORY = "memory"
    """It reads or writes the wrong memory: an input, another row, strides, a shared buffer."""

    CALL = "call"
    """The answer depends on earlier calls, or the call cannot be repeated."""

    SIDE_EFFECT = "side effect"
    """The call prints, or changes a setting of the process."""

    SIZE = "size"
    """Only some numbers of classes or rows go wrong: a block, a tail, a lane."""

    PRECISION = "precision"
    """Digits or small values are lost."""

    def __repr__(self) -> str:
        return repr(self.value)

    @property
    def severity(self) -> int:
        """The place in the order from the mildest kind, 0, to the worst."""
        return list(reversed(Mistake)).index(self)
