"""How long a search is, and what its cases are drawn from."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Effort", "SearchSettings"]


class Effort(StrEnum):
    """How much of the plan of cases a run tries.

    Attributes
    ----------
    QUICK
        The small part of the plan: what takes a few seconds.
    STANDARD
        All of it. Where a subject compiles for each shape, each shape is tried by one of its claims
        at least, and not by all of them.
    THOROUGH
        All of it, on every claim, with more classes for Jacobians.
    """

    QUICK = "quick"
    STANDARD = "standard"
    THOROUGH = "thorough"


@dataclass(frozen=True, kw_only=True)
class SearchSettings:
    """The settings of a search. The same settings try the same cases.

    Attributes
    ----------
    max_examples
        The number of cases for a check with a full share.
    seed
        What the cases are drawn from.
    effort
        How much of the plan of cases is tried.

    Raises
    ------
    ValueError
        If one of the numbers is not an integer, or `max_examples` is not positive.
    """

    max_examples: int
    seed: int
    effort: Effort = Effort.STANDARD

    def __post_init__(self) -> None:
        for name, number in (("max_examples", self.max_examples), ("seed", self.seed)):
            if not isinstance(number, int) or isinstance(number, bool):
                raise ValueError(f"{name} is {number!r}; it must be an integer, such as 100")
        if self.max_examples < 1:
            raise ValueError(f"max_examples is {self.max_examples}; it must be at least 1")
