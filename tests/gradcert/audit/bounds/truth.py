"""The right answers to a test's data: computed in binary64, and vouched for by the oracle."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from flint import ctx

from gradcert.audit.bounds.comparisons import Errors
from gradcert.audit.bounds.setups import Data, Rows
from gradcert.core.claim import Claim
from gradcert.core.evidence import floats
from gradcert_implementations import Array, Domain, LevelName, Loss, Reduction, load
from gradcert_oracle import (
    ALLOWED,
    BINARY64,
    FAITHFUL,
    Format,
    OracleError,
    Question,
    budgets,
    enclose,
    judge,
    levels,
    quantity_of,
)

__all__ = ["Answered", "Truth", "beyond_range", "errors_of"]

_ENCLOSED = 1 << 17
"""Values that the oracle encloses. Of more it encloses a sample of the rows."""

_WIDENED = 1 + 2.0**-20
"""The factor by which an error is widened. The sums of a comparison round by less."""


@dataclass(frozen=True, eq=False)
class Answered:
    """Rows of the data with their right answer.

    Attributes
    ----------
    rows
        The rows.
    wide
        The right answer in binary64. Where the oracle encloses a row, it is the true value.
    want
        The same, rounded to the format and then stored in binary64.
    questions
        What the oracle is asked about the rows that it encloses, by their places.
    """

    rows: Rows
    wide: Array
    want: Array
    questions: Mapping[int, Question]


@dataclass(frozen=True)
class Truth:
    """What is right for some data.

    Attributes
    ----------
    data
        The data.
    loss
        The loss of each row by itself.
    level
        The level that right answers have.
    """

    data: Data
    loss: Loss
    level: LevelName

    @classmethod
    def of(cls, data: Data, level: LevelName = "wide") -> Self:
        """Return what is right for some data."""
        return cls(data, data.loss, level)

    @cached_property
    def claim(self) -> Claim:
        """The claim that the answers are judged by."""
        setup = self.data.setup
        domain = Domain(targets=setup.targets, finite_logits=True)
        subject = replace(load("numpy"), domain=domain, at_least=self.level).with_loss(self.loss)
        return Claim(subject, quantity_of(setup.quantity), setup.format)

    @property
    def one_value(self) -> bool:
        """Whether the answer is one value that all rows have."""
        by_row = len(self.claim.quantity.shape(1, 1)) == 1
        return by_row and self.data.setup.loss.reduction is not Reduction.NONE

    @cached_property
    def enclosed(self) -> frozenset[int]:
        """The rows that the oracle encloses: all, or the last with a sample of the others."""
        setup = self.data.setup
        count, last = max(1, _ENCLOSED // setup.classes), setup.rows_compared - 1
        if count > last:
            return frozenset(range(last + 1))
        generator = np.random.default_rng([self.data.seed, 3])
        return frozenset([last, *generator.choice(last, count - 1, replace=False).tolist()])

    def answer(self, rows: Rows) -> Array:
        """Return the right answer in binary64."""
        return self.claim.function(*self.claim.arguments(rows.case.cast(BINARY64)))

    def _vouched(self, question: Question, answer: Array) -> Array:
        """Return the true values of a row, if the oracle accepts the answer to it."""
        stored = np.atleast_1d(answer).astype(question.format.dtype)
        if judge(question, floats(stored)).algorithm is None:
            raise OracleError(f"the right implementation is refuted: {question}")
        truth = np.array([float(value) for value in enclose(question)])
        return truth.reshape(answer.shape)

    def answered(self) -> Iterator[Answered]:
        """Yield the data with its right answers, part by part.

        Raises
        ------
        ValueError
            If a value is beyond the range of the format.
        OracleError
            If the oracle refuses an answer: a fault of ours.
        """
        format = self.claim.format
        for rows in self.data.parts():
            wide = self.answer(rows)
            with np.errstate(over="ignore"):
                if not np.isfinite(wide.astype(format.dtype)).all():
                    raise ValueError(beyond_range(format))
            places = [row for row in range(rows.case.rows) if row + rows.first in self.enclosed]
            questions = {place: self.claim.question(rows.case, place) for place in places}
            for place, question in questions.items():
                wide[place] = self._vouched(question, wide[place])
            want = wide.astype(format.dtype).astype(np.float64)
            yield Answered(rows, wide, want, questions)


def beyond_range(format: Format) -> str:
    """Return what is said of right values that a format does not hold."""
    return (
        f"some right values are beyond the range of {format.name}; give smaller logits, a smaller "
        "upstream gradient or another loss"
    )


def errors_of(question: Question, want: Array, level: LevelName) -> Errors | None:
    """Return how far an answer of a level may be from the one wanted; None where it is void.

    It is at most two budgets of an algorithm down to the level, with a pairwise sum, from the true
    value. The difference of the true value and the one wanted is added. The sum is widened by more
    than what a comparison rounds in binary64.

    Examples
    --------
    >>> from gradcert_oracle import BINARY32, question
    >>> asked = question("dE/dz", (0.0, 0.0), (1.0, 0.0), format=BINARY32)
    >>> errors_of(asked, np.array([-0.5, 0.5]), "shifted").error
    array([2.38418806e-07, 1.19209403e-07])
    """
    format = question.format
    truth = enclose(question)
    found = []
    for algorithm in levels(format, level):
        if algorithm is FAITHFUL:
            found.append([format.ulp(value) / ALLOWED for value in truth])
        elif algorithm.summation == FAITHFUL.summation:
            bounds = budgets(question, algorithm)
            if bounds is None:
                return None
            found.append(list(bounds))
    with ctx.workprec(format.precision + 64):
        error = [
            float((ALLOWED * max(each) + abs(value - w)).upper())
            for *each, value, w in zip(*found, truth, want.ravel().tolist(), strict=True)
        ]
    return Errors(want.ravel(), np.array(error) * _WIDENED)
