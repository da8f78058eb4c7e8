"""Wrong answers put through a comparison, part by part."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from math import inf, isnan, sqrt

import numpy as np

from gradcert.audit.bounds.comparisons import Comparison, Running
from gradcert.audit.bounds.sizes import Sizes
from gradcert.audit.bounds.truth import Answered, Truth, beyond_range
from gradcert.audit.bounds.wrong_answers import Wrong
from gradcert.checks.screening import screened
from gradcert.core.evidence import floats
from gradcert_implementations import Array
from gradcert_oracle import Format, judge

__all__ = ["Trial", "Trials", "tried"]

_JUDGED = 8
"""Rows of a part that the oracle judges to see whether an answer is wrong."""


@dataclass
class _OfSum:
    """A comparison of one value that all rows have: their sum."""

    inner: Running
    format: Format
    got: float = 0.0
    want: float = 0.0

    def add(self, got: Array, want: Array) -> bool:
        self.got += float(got.sum())
        self.want += float(want.sum())
        return True

    def _stored(self) -> Array:
        sums = np.array([[self.got], [self.want]])
        with np.errstate(over="ignore"):
            return np.asarray(sums.astype(self.format.dtype).astype(np.float64))

    @property
    def wanted(self) -> Array:
        """The sum that is wanted.

        Raises
        ------
        ValueError
            If it is beyond the range of the format.
        """
        _, want = self._stored()
        if not np.isfinite(want).all():
            raise ValueError(beyond_range(self.format))
        return np.asarray(want)

    @property
    def change(self) -> float:
        """The error of the sum beside the sum that is wanted."""
        return abs(self.got - self.want) / abs(self.want) if self.want else 0.0

    @property
    def is_equal(self) -> bool:
        """Whether both sums are the same number of the format."""
        got, want = self._stored()
        return bool(got == want)

    def passes(self) -> bool:
        got, want = self._stored()
        return self.inner.add(got, want) and self.inner.passes()


@dataclass(eq=False)
class Trial:
    """A wrong answer under comparison.

    Attributes
    ----------
    wrong
        The wrong answer.
    running
        The comparison.
    passes
        Whether it passes as far as it was compared.
    is_wrong
        Whether the oracle has refuted a row of it at the level that right answers have. It is only
        asked about what passes.
    error, size
        The sums of squares of its error and of the right answer.
    """

    wrong: Wrong
    running: Running
    passes: bool = True
    is_wrong: bool = False
    error: float = 0.0
    size: float = 0.0

    def add(self, got: Array, want: Array) -> None:
        """Compare more rows."""
        self.error += float(np.square(got - want).sum())
        self.size += float(np.square(want).sum())
        self.passes = self.running.add(got, want)

    @property
    def change(self) -> float:
        """The 2-norm of the error beside that of the right answer, in what is compared."""
        if isinstance(self.running, _OfSum):
            return self.running.change
        if isnan(self.error):
            return inf
        return sqrt(self.error / self.size) if self.size else 0.0


@dataclass(frozen=True, eq=False)
class Trials:
    """What became of wrong answers to the data of one seed.

    Attributes
    ----------
    trials
        One for each wrong answer.
    sizes
        The sizes of the right values.
    right_passes
        Whether the comparison accepts a right answer that is computed in the format.
    """

    trials: Sequence[Trial]
    sizes: Sizes
    right_passes: bool


def _is_refuted(truth: Truth, answered: Answered, got: Array) -> bool:
    """Return whether the oracle refutes a row, of those that the screen does not accept."""
    claim, case = truth.claim, answered.rows.case
    stored = np.atleast_1d(got).astype(claim.format.dtype)
    found = screened(claim, case, np.arange(case.rows), stored)
    doubtful = np.arange(case.rows) if found is None else np.flatnonzero(~found.accepted)
    want = answered.want.reshape(case.rows, -1)
    with np.errstate(all="ignore"):
        shares = abs(got.reshape(want.shape) - want).max(axis=1) / abs(want).max(axis=1)
    # The most wrong come first; a share of a row of zeros is no number.
    doubtful = doubtful[np.argsort(-np.nan_to_num(shares[doubtful], nan=np.inf), kind="stable")]
    return any(
        judge(claim.question(case, row), floats(stored[[row]]), claim.levels).algorithm is None
        for row in doubtful[:_JUDGED].tolist()
    )


@dataclass(frozen=True, eq=False)
class _Court:
    """What compares rows of wrong answers.

    Attributes
    ----------
    truth
        The data.
    pool
        The threads that compare; numpy leaves the interpreter to the others while it computes.
    judges
        Whether the oracle judges the rows of the first and the last part of what passes.
    """

    truth: Truth
    pool: Executor
    judges: bool

    def compare(self, answered: Answered, trials: Iterable[Trial]) -> None:
        """Compare the rows of a part."""
        rows, dtype = answered.rows, self.truth.claim.format.dtype

        def compared(trial: Trial) -> Array:
            with np.errstate(all="ignore"):
                got = trial.wrong.make(answered).astype(dtype).astype(np.float64)
                trial.add(got, answered.want)
            return got

        alive = [trial for trial in trials if trial.passes]
        last = self.truth.data.setup.rows_compared
        judged = self.judges and (rows.first == 0 or rows.first + rows.case.rows == last)
        for trial, got in zip(alive, self.pool.map(compared, alive), strict=True):
            if judged and trial.passes and not trial.is_wrong:
                trial.is_wrong = _is_refuted(self.truth, answered, got)


def tried(
    truth: Truth,
    comparison: Comparison,
    wrong: Sequence[Wrong],
    *,
    judges: bool = True,
    jobs: int = 1,
    progress: Callable[[int], None] = lambda _rows: None,
) -> Trials:
    """Put wrong answers through a comparison.

    Parameters
    ----------
    truth
        The data with its right answers.
    comparison
        The comparison.
    wrong
        The wrong answers.
    judges
        Whether the oracle is asked whether an answer that passes is wrong.
    jobs
        The number of threads.
    progress
        Called with the number of rows after each part.

    Examples
    --------
    >>> from gradcert.audit.bounds.comparisons import close
    >>> from gradcert.audit.bounds.setups import Setup, drawn
    >>> from gradcert.audit.bounds.wrong_answers import wrong_answers
    >>> from gradcert_implementations import Loss
    >>> from gradcert_oracle import BINARY32
    >>> setup = Setup(quantity="dE/dz", format=BINARY32, rows=4, classes=3, loss=Loss())
    >>> truth = Truth.of(drawn(setup, seed=0))
    >>> found = tried(truth, close(1.0, 1.0), wrong_answers(truth))
    >>> [one.wrong.name for one in found.trials if one.passes][:2]
    ['zero', 'sign-flipped']
    """
    format = truth.claim.format

    def begin() -> Running:
        return _OfSum(comparison.begin(), format) if truth.one_value else comparison.begin()

    trials = [Trial(one, begin()) for one in wrong]
    right, sizes = begin(), Sizes()
    parts: Iterable[Answered] = truth.answered()
    if comparison.whole:  # Only one wrong answer at a time is kept whole.
        parts = list(parts)
    with ThreadPoolExecutor(jobs) as pool:
        court = _Court(truth, pool, judges)
        for answered in parts:
            if not truth.one_value:
                sizes.add(answered.want, comparison.atol or 0.0)
            with np.errstate(all="ignore"):
                ours = truth.claim.function(*truth.claim.arguments(answered.rows.case))
                right.add(ours.astype(np.float64), answered.want)
            if not comparison.whole:
                court.compare(answered, trials)
            progress(answered.rows.case.rows)
        if isinstance(right, _OfSum):
            sizes.add(right.wanted, comparison.atol or 0.0)
        for trial in trials:
            if comparison.whole:
                for answered in parts:
                    court.compare(answered, [trial])
            trial.passes = trial.passes and trial.running.passes()
            if isinstance(trial.running, _OfSum) and trial.running.is_equal:
                trial.is_wrong = False
    return Trials(trials, sizes, right.passes())
