"""What one check found: a verdict, its evidence, and how much of the error budget was used."""

from typing import Literal

import msgspec

from gradcert_reports.model.rows import LargeBatch, Numbers, Row, length
from gradcert_reports.model.verdict import Verdict

__all__ = ["Changed", "CheckResult", "Discrepancy", "Jacobian", "Reach", "Regime", "Sample"]


class Regime(
    msgspec.Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True
):
    """The kind of a row of inputs.

    Attributes
    ----------
    shape
        How the values of the row were drawn: ``benign``, ``ties``, ``spread``, ...
    changes
        What was done to them afterwards: ``offset``, ``masked``.
    targets
        How the targets were drawn; empty if there are none.
    v
        How v was drawn; empty if there is none.

    Examples
    --------
    >>> str(Regime(shape="benign", changes=("offset",), targets="one-hot"))
    'benign, offset, one-hot'
    """

    shape: str
    changes: tuple[str, ...] = ()
    targets: str = ""
    v: str = ""

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.shape, *self.changes, self.targets, self.v)))


class Sample(
    msgspec.Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True
):
    """The row of one case that used most of its error budget.

    Attributes
    ----------
    algorithm
        The textbook algorithm that explains the error: its level, and the order in which it adds
        if that matters, as in ``shifted, sequential sum``. Empty if no algorithm explains it.
    rank
        The place of the algorithm among all that may explain a row in any format; 0 is the best.
    budgets
        How many error budgets of that algorithm the error used, or of the closest one if none
        explains it. Two are allowed.
    regime, classes, largest_logit
        The row: its regime, its length, and its largest finite first argument in absolute value.
    """

    algorithm: str
    rank: int
    budgets: float
    regime: Regime
    classes: int
    largest_logit: float

    @property
    def severity(self) -> tuple[int, float]:
        """The key that sorts samples from the least severe to the most severe."""
        return self.rank, self.budgets


class Jacobian(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The softmax Jacobian of a row of logits, do_i/dz_j in row i, column j, in two versions.

    Attributes
    ----------
    true
        The true one, to thirty digits.
    returned
        The one that follows from the returned gradients: with the target at class i alone, dE/dz_j
        is ``-(do_i/dz_j) / o_i``, so that row i is ``-o_i`` times that gradient.
    """

    true: Numbers
    returned: Numbers


class Changed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An argument that a call changed.

    Attributes
    ----------
    argument
        Its name.
    row
        The first row that is another one after the call.
    before, after
        The values of that row.
    """

    argument: str
    row: int
    before: Row
    after: Row


_FIRST = 4
"""Rows that a page shows of an answer that belongs to all rows."""


class Discrepancy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A minimal case that shows the fault, with the evidence.

    Attributes
    ----------
    statement
        What is wrong, in one sentence.
    arguments
        The arguments of the call by name, in the order of the call, each row by row: all rows, or
        those of a large batch that are kept. Of a long row only some numbers are kept.
    batch
        Which rows of a large batch are kept. None if the arguments have all rows.
    regimes
        The regime of each row that the arguments have.
    row, index
        The row with the fault, and the place of the wrong value among the values of the answer to
        that row, counted in row-major order; None if the fault is not in one value.
    of_all_rows
        Whether the answer is one value for all rows: the value of a loss that is reduced. Then no
        row has the fault, and `row` is 0.
    returned, expected
        The values of the answer to that row, in row-major order, and the values that they were
        compared with. Empty if the fault is not in values.
    expected_is
        What the expected values are: ``true`` ones, to thirty digits, or another answer of the
        implementation itself.
    enclosure
        The true value at `index` as a ball, centre and radius; empty if there is none.
    ulps, budgets
        The size of the error, if it has one.
    changed
        The argument that the call changed; None if it changed none.
    upstream
        The upstream gradient of that row; empty if the call has none.
    snippet
        Python code that reproduces it. It builds the whole arguments, unless they are too large to
        be written out; it says so then.
    standalone
        A Python script without gradcert that fails on the wrong answer, and passes if the answer is
        right. It calls what the user wrote, or sends the bytes of a request to a program. Empty if
        there is none: for gradcert's own implementations and the libraries that it adapts, for
        faults other than a wrong value, a call without an answer, a changed argument and two
        answers of a function of numpy arrays that differ, for several rows of a loss in a framework
        that may be a mean where no reduction is claimed, and where it is long.
    jacobian
        The softmax Jacobian of that row, true and returned, if it is small enough to read.
    """

    statement: str
    arguments: dict[str, tuple[Row, ...]]
    batch: LargeBatch | None = None
    regimes: tuple[Regime, ...]
    row: int
    of_all_rows: bool = False
    index: int | None
    returned: Row
    expected: Row
    expected_is: Literal["true", "other"]
    enclosure: str = ""
    ulps: float | None
    budgets: float | None
    changed: Changed | None = None
    upstream: str = ""
    snippet: str
    standalone: str = ""
    jacobian: Jacobian | None = None

    @property
    def rows(self) -> int:
        """How many rows the call had."""
        if self.batch is not None:
            return self.batch.rows
        return max(map(len, self.arguments.values()), default=0)

    @property
    def classes(self) -> int:
        """How many numbers the longest row with the fault has."""
        return max(map(length, self.row_arguments.values()), default=0)

    @property
    def place(self) -> int:
        """The place of the row with the fault among those that are kept; -1 if it is not."""
        if self.batch is None:
            return self.row
        return self.batch.kept.index(self.row) if self.row in self.batch.kept else -1

    @property
    def row_arguments(self) -> dict[str, Row]:
        """The row with the fault, of each argument that has one."""
        return {
            name: rows[self.place]
            for name, rows in self.arguments.items()
            if 0 <= self.place < len(rows)
        }

    @property
    def first_rows(self) -> dict[int, dict[str, Row]]:
        """The first rows of a call whose answer is one value for several rows, by their numbers."""
        if not self.of_all_rows or self.rows < 2:
            return {}
        numbers = range(self.rows) if self.batch is None else self.batch.kept
        return {
            number: {
                name: rows[place] for name, rows in self.arguments.items() if place < len(rows)
            }
            for place, number in enumerate(numbers[:_FIRST])
        }

    @property
    def regime(self) -> Regime | None:
        """The regime of the row with the fault, if it is recorded."""
        return self.regimes[self.place] if 0 <= self.place < len(self.regimes) else None

    @property
    def returns_jacobian(self) -> bool:
        """Whether the answer is the Jacobian itself, and not a gradient that implies it."""
        entries = sum(map(len, self.jacobian.returned)) if self.jacobian else 0
        return 0 < entries == length(self.returned)


class Reach(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far a quantity stays right beyond the range of inputs that is required.

    Attributes
    ----------
    reached
        The largest size of logits up to which every case passed.
    failed_at
        The next size, at which a case failed; None if every size passed.
    statement
        What happened there.
    """

    reached: float
    failed_at: float | None = None
    statement: str = ""


class CheckResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The verdict of one check on one quantity in one format.

    Attributes
    ----------
    check, quantity, format
        What was examined: the id of the check, such as ``accuracy``, and the claim.
    verdict
        The verdict.
    examples
        How many cases ran before the verdict was known.
    reason
        Why the quantity is broken or not supported, else empty.
    worst, samples
        For checks that compare values with true ones: the passed case that used most, which is a
        lower bound of the worst case there is; and every case.
    discrepancy
        The case that shows the fault.
    reach
        For ``accuracy``, how far the quantity stays right. It does not affect the verdict.
    cancellation
        What an earlier version measured: as the probability p of a target approaches one, pairs of
        1 - p and the error at the target in ulps.
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
