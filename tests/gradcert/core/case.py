"""A case: one generated input, with the regime of each of its rows."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcert.core.stored import LOGITS, STORED
from gradcert_implementations import Array
from gradcert_oracle import Format

__all__ = ["Case", "Regime"]


@dataclass(frozen=True)
class Regime:
    """How a row was drawn.

    Attributes
    ----------
    shape
        What the logits or probabilities look like: ``benign``, ``ties``, ``tiny``, ...
    changes
        What was done to them then: ``offset``, ``masked``.
    targets
        The kind of targets: ``one-hot``, ``soft``, ...
    v
        The kind of v, if there is one: ``v equal``, ``v huge``, ...

    Examples
    --------
    >>> print(Regime("benign", ("offset",), "one-hot"))
    benign, offset, one-hot
    """

    shape: str
    changes: tuple[str, ...] = ()
    targets: str = ""
    v: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """Its shape, changes, targets and v, without empty ones."""
        return tuple(filter(None, (self.shape, *self.changes, self.targets, self.v)))

    def __str__(self) -> str:
        return ", ".join(self.parts)


@dataclass(frozen=True, eq=False)
class Case:
    """One generated input.

    Attributes
    ----------
    arguments
        The arrays by name, all of shape (rows, classes), in one format's dtype: first ``logits`` or
        ``probabilities``, then ``targets``, and ``v`` if a quantity multiplies a vector. A quantity
        takes those that it needs, so that one case serves several quantities.
    regimes
        One for each row.
    upstream
        The upstream gradient g: one number for each row, of shape (rows,), or one for all, of shape
        (). None stands for ones.

    Examples
    --------
    >>> case = Case({"logits": np.zeros((1, 2)), "targets": np.eye(2)[:1]}, (Regime("ties"),))
    >>> case.rows, case.classes, case.alone(0)["targets"].tolist()
    (1, 2, [[1.0, 0.0]])
    """

    arguments: Mapping[str, Array]
    regimes: tuple[Regime, ...]
    upstream: "Array | None" = None

    def __getitem__(self, name: str) -> Array:
        """Return the argument of this name, or what a forward pass stores of the logits."""
        if name in STORED and name not in self.arguments:
            return self._stored[name]
        return self.arguments[name]

    @functools.cached_property
    def _stored(self) -> dict[str, Array]:
        # Kept, because the oracle reads them row by row, and all rows are made at once.
        return {name: made(self.arguments[LOGITS]) for name, made in STORED.items()}

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        # Hypothesis prints a case with this, and a thousand rows are too many to print.
        printer.text(f"Case of shape {self.point.shape}: {self.regimes[0]}")

    @property
    def point(self) -> Array:
        """The first argument: the logits or probabilities at which a quantity is evaluated."""
        return next(iter(self.arguments.values()))

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.point)

    @property
    def classes(self) -> int:
        """The number of classes."""
        classes: int = self.point.shape[1]
        return classes

    def map(self, change: Callable[[Array], Array]) -> "Case":
        """Return the case with the same change made to every argument of shape (rows, classes)."""
        return replace(self, arguments={name: change(a) for name, a in self.arguments.items()})

    def at(self, point: Array) -> "Case":
        """Return the case with another first argument."""
        first = next(iter(self.arguments))
        return replace(self, arguments={**self.arguments, first: point})

    def cast(self, format: Format) -> "Case":
        """Return the case in another format; what is too large for it becomes infinite."""
        with np.errstate(over="ignore"):
            changed = self.map(lambda array: array.astype(format.dtype))
            if self.upstream is None:
                return changed
            return replace(changed, upstream=self.upstream.astype(format.dtype))

    def of_rows(self, rows: Array) -> "Case":
        """Return the case of these of its rows, which may come several times.

        Examples
        --------
        >>> case = Case({"logits": np.array([[1.0], [2.0]])}, (Regime("benign"), Regime("ties")))
        >>> case.of_rows(np.array([1, 1, 0])).point.ravel().tolist()
        [2.0, 2.0, 1.0]
        """
        regimes = tuple(self.regimes[row] for row in rows)
        upstream = self.upstream
        if upstream is not None and upstream.ndim:
            upstream = upstream[rows]
        return replace(self.map(lambda array: array[rows]), regimes=regimes, upstream=upstream)

    def alone(self, row: int) -> "Case":
        """Return the case of one of its rows."""
        return self.of_rows(np.array([row]))
