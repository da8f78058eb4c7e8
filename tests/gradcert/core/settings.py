"""How long a search is, and what its cases are drawn from."""

from dataclasses import dataclass

__all__ = ["SearchSettings"]


@dataclass(frozen=True, kw_only=True)
class SearchSettings:
    """The settings of a search. The same settings try the same cases.

    Attributes
    ----------
    max_examples
        The number of cases for a check with a full share.
    seed
        What the cases are drawn from.

    Raises
    ------
    ValueError
        If `max_examples` is not positive.
    """

    max_examples: int
    seed: int

    def __post_init__(self) -> None:
        if self.max_examples < 1:
            raise ValueError(f"max_examples is {self.max_examples}; it must be at least 1")
