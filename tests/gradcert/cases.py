"""What is asked and what is answered: a claim, a case, and the call between them."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcert.clock import CLOCK
from gradcert.processor import keep_subnormals
from gradcert_implementations import Array, Implementation, QuantityName
from gradcert_oracle import Format, Row

__all__ = ["Broken", "Case", "Claim", "NotSupported", "shown_as", "takes_targets"]


class Broken(Exception):
    """The implementation raised, or returned something that is no answer. The message says what.

    Attributes
    ----------
    shown_by
        Python expressions that show it, as those of ``Evidence``.
    case
        The case that they are about, if it is not the one that was drawn.
    """

    def __init__(
        self,
        message: str,
        shown_by: tuple[str, ...] = ("f(*args)",),
        case: "Case | None" = None,
    ) -> None:
        super().__init__(message)
        self.shown_by = shown_by
        self.case = case


@contextmanager
def shown_as(how: str, expression: str, case: "Case | None" = None) -> Iterator[None]:
    """Say of what is broken within how it was called, and what shows it."""
    try:
        yield
    except Broken as broken:
        raise Broken(f"{broken}, {how}", (expression,), case) from broken.__cause__


class NotSupported(Exception):
    """The implementation raised NotImplementedError."""


def takes_targets(quantity: QuantityName) -> bool:
    """Tell whether a quantity depends on targets; softmax and its Jacobian do not."""
    return quantity not in ("softmax", "do/dz")


@dataclass(frozen=True, eq=False)
class Case:
    """One generated input, with its regime.

    Attributes
    ----------
    first
        Logits, or probabilities for dE/do, of shape (rows, classes), in the format's dtype.
    targets
        Of the same shape and dtype; a quantity that takes none ignores them.
    regimes
        One a row.
    """

    first: Array
    targets: Array
    regimes: tuple[str, ...]

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        # Hypothesis prints a case by this, and a thousand rows are too many to print.
        printer.text(f"Case of shape {self.first.shape}: {self.regimes[0]}")

    def cast(self, format: Format) -> "Case":
        """Return the case in another format; what is too large for it becomes infinite."""
        with np.errstate(over="ignore"):
            first, targets = (array.astype(format.dtype) for array in (self.first, self.targets))
        return replace(self, first=first, targets=targets)

    def alone(self, row: int) -> "Case":
        """Return the case of one of its rows."""
        one = slice(row, row + 1)
        return replace(
            self, first=self.first[one], targets=self.targets[one], regimes=self.regimes[one]
        )

    def rows(self) -> list[tuple[Row, Row]]:
        """Return each row's (first, targets) as exact Python floats."""
        first = self.first.astype(np.float64).tolist()
        targets = self.targets.astype(np.float64).tolist()
        return [(tuple(z), tuple(t)) for z, t in zip(first, targets, strict=True)]


def _printable(text: str) -> str:
    """Return text in one line of what files and terminals take: no control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]


def _text(error: BaseException) -> str:
    """Return the message in one printable line."""
    try:
        message = str(error)
    except Exception as another:  # noqa: BLE001  # It is the subject's, and may do anything.
        message = f"(its message raises {type(another).__name__})"
    return _printable(message)


@dataclass(frozen=True)
class Claim:
    """One claim of an implementation: a quantity in a format."""

    implementation: Implementation
    quantity: QuantityName
    format: Format

    @property
    def arguments_named(self) -> tuple[str, ...]:
        """The names of what the implementation's function is called with."""
        first = "probabilities" if self.quantity == "dE/do" else "logits"
        return (first, "targets") if takes_targets(self.quantity) else (first,)

    def arguments(self, first: Array, targets: Array) -> tuple[Array, ...]:
        """Return what the implementation's function is called with."""
        return (first, targets) if takes_targets(self.quantity) else (first,)

    def row(self, first: Row, targets: Row) -> tuple[str, Row, Row, Format]:
        """Return one row's question as the oracle wants it."""
        output = self.implementation.loss.output
        quantity = self.quantity if output == "softmax" else f"{self.quantity}, {output}"
        return quantity, first, targets if takes_targets(self.quantity) else (), self.format

    def shape(self, rows: int, classes: int) -> tuple[int, ...]:
        """Return the shape of a right answer."""
        return {"loss": (rows,), "do/dz": (rows, classes, classes)}.get(
            self.quantity, (rows, classes)
        )

    def answer(self, first: Array, targets: Array) -> Array:
        """Call the implementation on copies, so that nothing it does to them reaches the case.

        Raises
        ------
        NotSupported
            If it raises NotImplementedError.
        Broken
            If it raises anything else, or returns what is not a real numpy array of the right shape
            and dtype.
        """
        return self.call(*self.arguments(first.copy(), targets.copy()))

    def call(self, *arguments: Array) -> Array:
        """Call the implementation on exactly these arrays; see :meth:`answer`."""
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with CLOCK.charging("subject"):
                    result = self.implementation.functions[self.quantity](*arguments)
        except NotImplementedError as error:
            raise NotSupported(_text(error)) from error
        except KeyboardInterrupt:
            raise  # It is the user's.
        except BaseException as error:  # SystemExit and worse are no answers.
            said = f"raised {_printable(type(error).__name__)}: {_text(error)}"
            raise Broken(said.removesuffix(": ")) from error
        finally:
            keep_subnormals()
        if type(result) is not np.ndarray:
            raise Broken(f"returned {_printable(type(result).__name__)}, expected a numpy array")
        if result.dtype != self.format.dtype:
            raise Broken(f"returned dtype {result.dtype}, expected {self.format.dtype}")
        expected = self.shape(*arguments[0].shape)
        if result.shape != expected:
            raise Broken(f"returned shape {result.shape}, expected {expected}")
        return result
