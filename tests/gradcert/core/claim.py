"""A claim of an implementation, and the call that answers a case."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from gradcert.core.case import Case, Regime
from gradcert.core.clock import CLOCK
from gradcert.core.failures import Broken, Died, NotSupported, Raised, Unreachable
from gradcert.core.interruption import Interrupted, heeding
from gradcert.core.shares import share_of, true_loss, with_ignored_labels
from gradcert.core.state.float_environment import reset_float_environment
from gradcert.core.state.process_state import watched_state
from gradcert.core.stored import LOGITS, STORED
from gradcert_implementations import (
    Array,
    Function,
    Implementation,
    Layout,
    Loss,
    QuantityName,
    Reduction,
    classes_of,
    fewest_classes,
    finite_logits,
    message_of,
    one_line,
    type_name,
)
from gradcert_oracle import (
    FORMATS,
    LOG_SOFTMAX_BACKWARD,
    LOG_SOFTMAX_BACKWARD_OF_LOGARITHMS,
    LOSS,
    REDUCED_LOSS,
    SOFTMAX_BACKWARD,
    SOFTMAX_BACKWARD_OF_OUTPUTS,
    Algorithm,
    Format,
    Quantity,
    Question,
    Row,
    Share,
    levels,
    quantity_of,
)
from gradcert_oracle import Loss as TrueLoss

__all__ = ["Claim", "claims_of"]

_WHOLE = Share()
"""What a row counts by itself."""


def _floats(array: Array) -> Row:
    return tuple(array.astype(np.float64).tolist())


@dataclass(frozen=True)
class Claim:
    """One claim of an implementation: a quantity in a format."""

    implementation: Implementation
    quantity: Quantity
    format: Format

    def __str__(self) -> str:
        return f"{self.quantity.name}-{self.format.name}"

    @property
    def function(self) -> Function:
        """The implementation's function for the quantity."""
        return self.implementation.functions[cast("QuantityName", self.quantity.name)]

    @property
    def loss(self) -> Loss:
        """The loss that the quantity is about."""
        return self.implementation.loss

    @property
    def masked(self) -> bool:
        """Whether a logit may be -inf."""
        subject = self.implementation
        return self.quantity.masked and not finite_logits(subject.loss, subject.domain)

    @property
    def only_classes(self) -> int | None:
        """The only number of classes that it is about, if there is no other."""
        return classes_of(self.implementation.loss, self.implementation.domain)

    @property
    def fewest_classes(self) -> int:
        """The smallest number of classes that it is about."""
        return fewest_classes(self.implementation.loss, self.implementation.domain)

    @property
    def takes_upstream(self) -> bool:
        """Whether the function is called with an upstream gradient too."""
        return self.quantity.upstream and self.implementation.takes_upstream

    @property
    def names(self) -> tuple[str, ...]:
        """The names of what the function is called with."""
        return (*self.quantity.arguments, *(("upstream",) * self.takes_upstream))

    @property
    def point(self) -> str:
        """The name of the argument that a case of it starts from: ``logits``, where it has them."""
        first = self.quantity.arguments[0]
        return LOGITS if first in STORED else first

    @property
    def levels(self) -> list[Algorithm]:
        """The algorithms that may explain its values, down to the level that it claims."""
        return levels(self.format, self.implementation.at_least)

    def arguments(self, case: Case) -> tuple[Array, ...]:
        """Return what the implementation's function is called with.

        To a function of rows, an ignored row is one without a target.
        """
        asked = with_ignored_labels(self.loss, case)
        arrays = tuple(asked[name] for name in self.quantity.arguments)
        return (*arrays, self.upstream(case)) if self.takes_upstream else arrays

    def row_arguments(self, case: Case) -> tuple[Array, ...]:
        """Return the arguments that have something for each row."""
        return tuple(array for array in self.arguments(case) if array.ndim)

    def upstream(self, case: Case) -> Array:
        """Return the upstream gradient of a case: one number a row, or one if rows are reduced."""
        if case.upstream is not None:
            return case.upstream
        rows = () if self.loss.reduction is not Reduction.NONE else (case.rows,)
        return np.ones(rows, self.format.dtype)

    def _all_whole(self, case: Case) -> bool:
        """Whether each row of a case counts as one by itself."""
        alone = self.loss.reduction is Reduction.NONE and self.loss.ignore_index is None
        multiplied = self.takes_upstream and case.upstream is not None
        return not self.quantity.shares or (alone and not multiplied)

    def shares(self, case: Case, rows: Sequence[int]) -> list[Share]:
        """Return what some rows of a case count; nothing if each row counts as one by itself."""
        return [] if self._all_whole(case) else [self.share(case, row) for row in rows]

    def share(self, case: Case, row: int) -> Share:
        """Return what a row of a case counts in the loss."""
        if self._all_whole(case):
            return _WHOLE
        upstream = 1.0
        if self.takes_upstream:
            upstream = float(np.broadcast_to(self.upstream(case), case.rows)[row])
        return share_of(self.loss, case, row, upstream=upstream)

    def true_loss(self, case: Case) -> TrueLoss:
        """Return the oracle's record of the loss."""
        if not self.quantity.options:
            return TrueLoss(output=self.loss.output, multiplier=self.loss.multiplier)
        return true_loss(self.loss, case.classes)

    def question(self, case: Case, row: int) -> Question:
        """Return what the oracle is asked about one row, or about a value that all rows have."""
        loss = self.true_loss(case)
        if self.quantity.reduces:
            parts = tuple(self._of_row(LOSS, case, row, loss) for row in range(case.rows))
            return Question(self.quantity, (), self.format, loss, parts=parts)
        return self._of_row(self.quantity, case, row, loss)

    def _of_row(self, quantity: Quantity, case: Case, row: int, loss: TrueLoss) -> Question:
        rows = tuple(_floats(case[name][row]) for name in quantity.arguments)
        return Question(quantity, rows, self.format, loss, self.share(case, row))

    def questions(self, case: Case) -> Iterator[Question]:
        """Yield what the oracle is asked about each row, or about the value that all rows have."""
        rows = 1 if self.quantity.reduces else case.rows
        return (self.question(case, row) for row in range(rows))

    def answer(self, case: Case) -> Array:
        """Call the implementation on copies, so that nothing it does to them reaches the case.

        Raises
        ------
        NotSupported
            If it raises NotImplementedError.
        Broken
            If it raises anything else, or does not return a numpy array of the right shape and
            dtype. It carries the case, which a check may have made of another one.
        """
        try:
            return self.call(*(array.copy() for array in self.arguments(case)))
        except Broken as broken:
            broken.case = broken.case or (case if case.rows else None)
            raise

    def _hint(self, rows: Sequence[Array]) -> str:
        """Return what to claim, if the function answers the rows that it refuses as a sequence.

        It must refuse the rows again: a first call may fail for another reason. And it must refuse
        the first one with few classes, which is not refused for its size.
        """
        if self.implementation.domain.layout is not Layout.ROWS:
            return ""
        first = slice(1), slice(self.only_classes or self.fewest_classes)
        small = [array[first[: array.ndim]] if array.ndim else array for array in rows]
        if self._shape(rows) is not None or self._shape(small) is not None:
            return ""
        shape = self._shape([array[np.newaxis] if array.ndim else array for array in rows])
        if shape is None or shape[:2] != (1, *rows[0].shape[:1]):
            return ""
        return "; for logits of shape (B, S, n) claim --domain layout=sequence"

    def _shape(self, arguments: Sequence[Array]) -> tuple[int, ...] | None:
        """Return the shape of an answer; None if the function raises."""
        try:
            with watched_state():
                return np.shape(self.function(*arguments))
        except (KeyboardInterrupt, Interrupted, Unreachable):
            raise  # Ctrl-C, a time limit from outside, or a fault of the machine.
        except BaseException:  # noqa: BLE001  # It may refuse them in any way.
            return None

    def _case_of(self, arguments: Sequence[Array]) -> Case | None:
        """Return the case of these arguments; None for a batch of no rows."""
        rows = len(arguments[0])
        upstream = arguments[-1] if self.takes_upstream else None
        named = dict(zip(self.quantity.arguments, arguments, strict=False))
        return Case(named, (Regime(""),) * rows, upstream) if rows else None

    def call(self, *arguments: Array) -> Array:
        """Call the implementation on exactly these arrays; see :meth:`answer`."""
        expected = self.quantity.shape(*arguments[0].shape)  # It may change that of its arguments.
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with CLOCK.charging("subject"), heeding(), watched_state():
                    result = self.function(*arguments)
        except NotImplementedError as error:
            raise NotSupported(message_of(error)) from error
        except (KeyboardInterrupt, Interrupted, Unreachable, NotSupported):
            raise  # Ctrl-C, a time limit, a fault of the machine, or what another process says.
        except Died as died:
            raise type(died)(str(died), case=self._case_of(arguments)) from died
        except Broken as broken:  # Another process says so.
            raise type(broken)(str(broken) + self._hint(arguments)) from broken
        except BaseException as error:  # SystemExit and worse are not answers.
            raise Raised(f"raised {one_line(error)}{self._hint(arguments)}") from error
        finally:
            reset_float_environment()
        if self.quantity.reduces and isinstance(result, np.generic):
            result = np.array(result)
        if type(result) is not np.ndarray:
            raise Broken(f"returned {type_name(result)}, expected a numpy array")
        if result.dtype != self.format.dtype:
            raise Broken(f"returned dtype {result.dtype}, expected {self.format.dtype}")
        if result.shape != expected:
            raise Broken(f"returned shape {result.shape}, expected {expected}")
        return np.atleast_1d(result)


_OF_OUTPUTS = {
    SOFTMAX_BACKWARD: SOFTMAX_BACKWARD_OF_OUTPUTS,
    LOG_SOFTMAX_BACKWARD: LOG_SOFTMAX_BACKWARD_OF_LOGARITHMS,
}


def claims_of(implementation: Implementation) -> Iterator[Claim]:
    """Yield the claims of an implementation: each quantity in each format.

    If the loss is a sum or a mean over rows, its value is one for the whole batch. A backward may
    take what the forward has stored.
    """
    reduced = implementation.loss.reduction is not Reduction.NONE
    others = {LOSS: REDUCED_LOSS} if reduced else {}
    others |= _OF_OUTPUTS if implementation.takes_outputs else {}
    for name in implementation.functions:
        found = quantity_of(name, TrueLoss(output=implementation.loss.output))
        quantity = others.get(found, found)
        for format in implementation.formats:
            yield Claim(implementation, quantity, FORMATS[format])
