"""The records of an audit of a bound: what passes it, and which bound would be right."""

from enum import StrEnum
from typing import Literal

import msgspec

__all__ = ["Advice", "BoundAudit", "Origin", "RightBound", "SizesOfValues", "WrongAnswer"]


class Origin(StrEnum):
    """Where a wrong answer comes from, the plainest first.

    ``ANSWER``: the right answer, changed. ``LOSS``: the right answer to another loss. ``FLAW``: a
    known flaw of the catalogue.
    """

    ANSWER = "answer"
    LOSS = "loss"
    FLAW = "flaw"


class WrongAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A wrong answer that was tried.

    Attributes
    ----------
    name, sentence
        Its name, and what it is.
    origin
        Where it comes from.
    passed
        The number of seeds under which it passes.
    change
        The 2-norm of its error beside that of the right answer, the largest of all seeds; None
        where it is not finite.
    """

    name: str
    sentence: str
    origin: Origin
    passed: int
    change: float | None


class SizesOfValues(msgspec.Struct, frozen=True, kw_only=True):
    """How large the right values are.

    Attributes
    ----------
    decades
        The exponents of powers of ten, and the numbers of values from each up to the next.
    zeros
        The number of zeros.
    below
        The number of values whose size is at most the absolute tolerance.
    count
        The number of all values.
    largest
        The largest size.
    """

    decades: tuple[tuple[int, int], ...]
    zeros: int
    below: int
    count: int
    largest: float


class RightBound(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest bound that a right implementation of a level is sure to meet.

    Its sums are pairwise: an answer of the level with a sum in sequence may have larger errors.

    Attributes
    ----------
    written
        The comparison with that bound.
    level
        The level.
    enclosed, rows
        The number of rows that the oracle enclosed, and of all rows, under all seeds.
    void
        The number of enclosed rows for which nothing is proved, such as those on which the level is
        void.
    passing
        The names of the wrong answers that pass that bound, too, on the first rows.
    note
        What else is changed for it, and why.
    """

    written: str
    level: str
    enclosed: int
    rows: int
    void: int
    passing: tuple[str, ...]
    note: str = ""


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """A change of the test, tried.

    Attributes
    ----------
    change
        What was changed.
    passing, tried
        How many of the wrong answers that pass the test as it is pass then, on the first rows, and
        how many were tried.
    """

    change: str
    passing: int
    tried: int


class BoundAudit(msgspec.Struct, frozen=True, kw_only=True):
    """What an audit of a bound found.

    Attributes
    ----------
    schema
        The version of this record.
    command
        The command that makes it again.
    gradcert
        The version of gradcert.
    comparison, predicate
        The comparison as it is written, and as a formula.
    about
        What is compared on which data, in words.
    rows, classes, seeds
        The shape of the logits, and the number of seeds.
    passing
        The wrong answers that pass under some seed: changed answers, then answers to another loss,
        then known flaws; of each kind the worst first.
    killed
        The names of those that no seed lets pass.
    no_mistake
        The names of those that are not wrong on this data, as far as it was judged.
    right_passes
        The number of seeds under which a right answer passes that numpy computed in the format.
    sizes
        How large the right values are.
    atol
        The absolute tolerance, if there is one.
    right_bound
        The bound that would be right, if one is known.
    advice
        Changes of the test that were tried.
    """

    schema: Literal["gradcert-bound-audit/1"] = "gradcert-bound-audit/1"
    command: str = ""
    gradcert: str
    comparison: str
    predicate: str
    about: tuple[str, ...]
    rows: int
    classes: int
    seeds: int
    passing: tuple[WrongAnswer, ...]
    killed: tuple[str, ...]
    no_mistake: tuple[str, ...]
    right_passes: int
    sizes: SizesOfValues
    atol: float | None
    right_bound: RightBound | None
    advice: tuple[Advice, ...]
