"""Flaws with numbers left open: a temperature, a block size. A diagnosis fits them to evidence."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gradcert_implementations.catalogue import Flaw
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import FormatName, QuantityName

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Between", "Estimate", "OneOf", "ParametricFlaw", "Seen"]


@dataclass(frozen=True)
class Seen:
    """A row that refutes an implementation, with the whole call.

    Attributes
    ----------
    arguments
        The arguments of the call by name, each of shape (rows, classes).
    row
        The number of the refuting row.
    returned, expected
        The values of its answer in binary64, row-major, and the true ones.
    dtype
        That of the format. Arguments that were computed are wider.
    """

    arguments: Mapping[str, Array]
    row: int
    returned: Array
    expected: Array
    dtype: "np.dtype[Any]"


@dataclass(frozen=True)
class Between:
    """One number from low to high, both positive, that explains what was seen best."""

    low: float
    high: float


@dataclass(frozen=True)
class OneOf:
    """One of these values of the parameters, the likeliest first."""

    values: tuple[tuple[float, ...], ...]


Estimate = Callable[[Sequence[Seen]], Iterable[tuple[float, ...]]]
"""Values of the parameters that may explain rows, the most likely first; none if nothing can."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ParametricFlaw(Flaw):
    """A flaw that leaves numbers open.

    Its own functions and formula are those for usual values.

    Attributes
    ----------
    at
        Returns the functions for values of the parameters.
    stated
        Returns the formula for values of the parameters.
    fit
        What a parameter may be: a range for a single number, a list of values, or a function that
        reads candidates off the evidence.
    rounds_to_at
        Returns the narrower format to which the values are rounded, if the parameters say which.
    """

    at: Callable[..., Mapping[QuantityName, Function]]
    stated: Callable[..., str]
    fit: Between | OneOf | Estimate
    rounds_to_at: Callable[..., FormatName] | None = None

    def with_values(self, *values: float) -> "ParametricFlaw":
        """Return the flaw with other values of its parameters."""
        return replace(
            self,
            functions=self.at(*values),
            formula=self.stated(*values),
            rounds_to=self.rounds_to_at(*values) if self.rounds_to_at else self.rounds_to,
        )
