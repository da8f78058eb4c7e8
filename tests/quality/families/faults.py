"""What may be wrong with whole rows of a gradient."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradcert_implementations import Array

__all__ = ["Fault", "drawn_fault"]


@dataclass(frozen=True)
class Fault:
    """A mistake of a whole row.

    Attributes
    ----------
    words
        What its gradient is.
    of
        From right rows and their targets to wrong ones.
    of_zero
        Whether it shows where the gradient is zero, as in a row of one class.
    """

    words: str
    of: Callable[[Array, Array], Array]
    of_zero: bool = False


_FAULTS = (
    Fault("zero", lambda right, _: np.zeros_like(right)),
    Fault("NaN", lambda right, _: np.full_like(right, np.nan), of_zero=True),
    Fault("o, without the target", lambda right, targets: right + targets, of_zero=True),
    Fault("t - o", lambda right, _: -right),
    Fault("twice as large", lambda right, _: 2 * right),
    Fault("that of the classes in reverse", lambda right, _: right[:, ::-1]),
)
"""The last one does not show in a symmetric gradient."""


def drawn_fault(generator: np.random.Generator, *, of_zero: bool = False) -> Fault:
    """Return one of the faults, or one of those that show where the gradient is zero."""
    faults = [fault for fault in _FAULTS if fault.of_zero or not of_zero]
    return faults[generator.integers(len(faults))]
