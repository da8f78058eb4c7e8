"""How long a search is, and what its cases are drawn from."""

from dataclasses import dataclass
from enum import StrEnum

from gradcert_implementations.names import known_name

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

    @property
    def less(self) -> "Effort":
        """The next smaller effort, if there is one.

        Examples
        --------
        >>> Effort.THOROUGH.less, Effort.QUICK.less
        (<Effort.STANDARD: 'standard'>, <Effort.QUICK: 'quick'>)
        """
        return Effort.STANDARD if self is Effort.THOROUGH else Effort.QUICK

    @classmethod
    def named(cls, name: object) -> "Effort":
        """Return the effort of this name.

        Raises
        ------
        ValueError
            For any other name, with the nearest one and all choices, in one line.

        Examples
        --------
        >>> Effort.named("quick")
        <Effort.QUICK: 'quick'>
        >>> Effort.named("fast")
        Traceback (most recent call last):
        ValueError: unknown effort 'fast'; choose from quick, standard, thorough
        """
        return cls(known_name("effort", name, tuple(map(str, cls))))

    @classmethod
    def flagged(cls, *, quick: bool, thorough: bool) -> "Effort":
        """Return the effort that two flags choose; the standard one if neither is set.

        Raises
        ------
        ValueError
            If both are set.

        Examples
        --------
        >>> Effort.flagged(quick=False, thorough=True)
        <Effort.THOROUGH: 'thorough'>
        """
        if quick and thorough:
            raise ValueError("a run is quick or thorough, not both: leave one of the two out")
        return cls.QUICK if quick else cls.THOROUGH if thorough else cls.STANDARD


_EXAMPLES = {Effort.QUICK: 0.25, Effort.STANDARD: 1, Effort.THOROUGH: 10}
"""The cases of each effort, for each case that was asked for."""


@dataclass(frozen=True, kw_only=True)
class SearchSettings:
    """The settings of a search. The same settings try the same cases.

    Attributes
    ----------
    max_examples
        The number of cases that was asked for, for a check with a full share.
    seed
        What the cases are drawn from.
    effort
        How much of the plan of cases is tried.

    Raises
    ------
    ValueError
        If one of the numbers is not an integer, `max_examples` is not positive, or `seed` negative.
    """

    max_examples: int
    seed: int
    effort: Effort = Effort.STANDARD

    def __post_init__(self) -> None:
        for name, number, least, example in (
            ("max_examples", self.max_examples, 1, "100"),
            ("seed", self.seed, 0, "7, or random.getrandbits(32) for another one in each run"),
        ):
            if not isinstance(number, int) or isinstance(number, bool):
                raise ValueError(f"{name} is {number!r}; it must be an integer, such as {example}")
            if number < least:
                raise ValueError(f"{name} is {number}; it must be at least {least}")

    @property
    def cases(self) -> int:
        """The number of cases that Hypothesis draws for a check with a full share.

        A standard run draws as many as were asked for, a thorough one ten times as many, and a
        quick one a quarter of them, at least one.

        Examples
        --------
        >>> SearchSettings(max_examples=100, seed=0, effort=Effort.THOROUGH).cases
        1000
        >>> SearchSettings(max_examples=1, seed=0, effort=Effort.QUICK).cases
        1
        """
        return max(1, round(self.max_examples * _EXAMPLES[self.effort]))
