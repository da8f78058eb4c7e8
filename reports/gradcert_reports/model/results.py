"""What one check found: a verdict, its evidence, and the cases that it was held against.

Numbers of the format under test travel as decimal strings that read back as the same number, for
JSON has no NaN and no infinity.
"""

from typing import Literal

import msgspec

__all__ = [
    "CheckResult",
    "Discrepancy",
    "Jacobian",
    "Numbers",
    "Reach",
    "Sample",
    "Verdict",
]

Verdict = Literal["conforms", "refuted", "broken", "not supported", "incomplete"]

Numbers = tuple[tuple[str, ...], ...]
"""An array: its rows, each number as text."""


class Sample(
    msgspec.Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True
):
    """The most demanding row of one case: a dot of the pictures, an array in the file.

    Attributes
    ----------
    level, summation
        The textbook algorithm that explains it, and the order it sums in; empty if none does.
    rung
        The place of both among all that may explain a row in any format: 0 is the best.
    budgets
        How many of that algorithm's budgets the error used, or of the one that comes closest; two
        are allowed.
    regime, classes, largest_logit
        The row: its regime, its length, its largest finite first argument in absolute value.
    """

    level: str
    summation: str
    rung: int
    budgets: float
    regime: str
    classes: int
    largest_logit: float

    @property
    def algorithm(self) -> str:
        """The level, with the order of summation where that matters."""
        return self.level if self.summation == "pairwise" else f"{self.level}, {self.summation} sum"


class Jacobian(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The softmax Jacobian of a row of logits, do_i/dz_j in row i, column j, twice.

    Attributes
    ----------
    true
        The true one, to thirty digits.
    returned
        The one that the returned gradients imply: with the target at class i alone, dE/dz_j is
        ``-(do_i/dz_j) / o_i``, so that row i is ``-o_i`` times that gradient.
    """

    true: Numbers
    returned: Numbers


class Discrepancy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A refuting case, minimal, with the evidence.

    Attributes
    ----------
    statement
        What is wrong, in one sentence.
    argument
        What `first` holds: ``logits`` or ``probabilities``.
    first, targets
        The arguments, row by row; no targets where the quantity takes none.
    regimes
        One a row.
    row, index
        Where the fault is; `index` counts the values of the row's answer, row-major.
    returned, expected
        The values of that row's answer, row-major, and those they were compared with. Empty where
        the fault is not in values.
    expected_is
        What those are: ``true``, to thirty digits, or another answer of the implementation itself.
    enclosure
        The true value at `index` as a ball, centre and radius; empty where no true value is.
    ulps, budgets
        The size of the error, where it has one.
    snippet
        Python that shows it again.
    jacobian
        The softmax Jacobian behind it, true and implied, where there is one small enough to see.
    """

    statement: str
    argument: str
    first: Numbers
    targets: Numbers
    regimes: tuple[str, ...]
    row: int
    index: int | None
    returned: tuple[str, ...]
    expected: tuple[str, ...]
    expected_is: Literal["true", "other"]
    enclosure: str = ""
    ulps: float | None
    budgets: float | None
    snippet: str
    jacobian: Jacobian | None = None


class Reach(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far a quantity held beyond the range that decides.

    Attributes
    ----------
    held_to
        The largest size of logits up to which every case tried was within its budgets.
    failed_at
        The next size tried, where one was not; None if all held.
    statement
        What happened there.
    """

    held_to: float
    failed_at: float | None = None
    statement: str = ""


class CheckResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The verdict of one check on one quantity in one format.

    Attributes
    ----------
    reason
        Why it is broken or not supported, else empty.
    examples
        How many cases ran before the verdict was known.
    worst, samples
        Of a check that holds values against true ones: the passed case that asked most, a lower
        bound of the worst there is, and every case.
    reach, cancellation
        For ``accuracy``, what lies beside the cases that decide: how far it holds; and, as a
        target's probability p comes near one, pairs of 1 - p and the error in ulps at the target.
    """

    check: str
    quantity: str
    format: str
    verdict: Verdict
    examples: int
    reason: str = ""
    worst: Sample | None = None
    discrepancy: Discrepancy | None = None
    samples: tuple[Sample, ...] = ()
    reach: Reach | None = None
    cancellation: tuple[tuple[float, float], ...] = ()
