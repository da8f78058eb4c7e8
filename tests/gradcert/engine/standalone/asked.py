"""What a discrepancy is about, as the subject itself gets it: its arguments and one value."""

from dataclasses import dataclass
from math import prod

import numpy as np

from gradcert.checks.shown import ASKED
from gradcert.core.claim import Claim
from gradcert.core.evidence import Evidence
from gradcert_implementations import Adapted, Array, Layout, Reduction
from gradcert_implementations.adapters.folding import shape_of_rows, shaped
from gradcert_implementations.adapters.kinds import LOSS
from gradcert_implementations.adapters.labels import class_indices

__all__ = ["Asked", "Part"]

_OF_ROWS = (Adapted.FUNCTION, Adapted.PROGRAM)
"""What is called with rows for targets where these are class indices. A program's request has
class indices, and is written elsewhere."""


@dataclass(frozen=True)
class Part:
    """The part of a script that is written for one kind of subject.

    Attributes
    ----------
    modules
        Statements that import what it uses.
    given
        What builds the arguments.
    lines
        What calls the subject.
    returned
        A Python expression: the value that is compared.
    demanded
        Lines that fail where the answer has not the form that it should have.
    kept, unchanged
        Python that copies an argument, and that compares it with this copy, ``before``; empty where
        no call can change an argument.
    library
        The distribution that computes; empty if it has none.
    """

    modules: tuple[str, ...]
    given: tuple[str, ...]
    lines: tuple[str, ...]
    returned: str
    demanded: tuple[str, ...] = ()
    kept: str = ""
    unchanged: str = ""
    library: str = ""


@dataclass(frozen=True)
class Asked:
    """The call that a script makes.

    Attributes
    ----------
    claim, evidence
        What is refuted, and why.
    """

    claim: Claim
    evidence: Evidence

    @property
    def layout(self) -> Layout:
        """The shape that the subject gives to its rows."""
        return self.claim.implementation.domain.layout

    @property
    def dtype(self) -> str:
        """The name of the dtype of all arrays but class indices."""
        return str(self.claim.format.dtype.name)

    @property
    def one_call(self) -> bool:
        """Whether the call that the case is about shows the fault by itself."""
        alone = self.evidence.shown_by == (ASKED,) or self.evidence.second_backward
        return alone or bool(self.changed)

    @property
    def changed(self) -> str:
        """The name of the argument that the call changes; empty if it changes none."""
        found = self.evidence.changed
        return "" if found is None else found.argument.replace("-", "_")

    @property
    def of_rows(self) -> bool:
        """Whether the subject takes the very arrays that ``shown_by`` calls ``args``, unchanged."""
        subject = self.claim.implementation
        if subject.domain.overwrites_logits:
            return False
        by_index = subject.domain.targets == "index"
        as_given = subject.adapted is Adapted.NUMPY and not by_index
        return self.layout is Layout.ROWS and (as_given or subject.adapted is Adapted.FUNCTION)

    @property
    def one_value(self) -> bool:
        """Whether a loss is one number, because of a reduction or because there is one row."""
        reduced = self.claim.loss.reduction is not Reduction.NONE
        return reduced or self.evidence.case.rows == 1

    def demanded(self, size: str, module: str, *, values: bool) -> tuple[str, ...]:
        """Return lines that fail where ``total``, which a framework returns, is refused.

        Parameters
        ----------
        size
            The Python that says how many numbers a tensor has.
        module
            The name that the framework has in a script.
        values
            Whether the answer is the returned value itself, and no gradient of it.
        """
        first, *_ = self.arrays
        shape = f"assert total.shape == {first}.shape, total.shape"
        if self.claim.quantity.name in LOSS.quantities:
            reduced = self.claim.loss.reduction is not Reduction.NONE
            alone = "total.shape == ()" if values and reduced else f"total.{size} == 1"
            shape = f"assert {alone}, total.shape"
        wider = f"{module}.promote_types(total.dtype, {first}.dtype) == total.dtype"
        return (shape, *(f"assert {wider}, total.dtype",) * values)

    @property
    def arrays(self) -> dict[str, Array]:
        """The arguments of the subject by name, in the order of the call."""
        claim, subject = self.claim, self.claim.implementation
        by_index = subject.domain.targets == "index" and subject.adapted not in _OF_ROWS
        rows = claim.arguments(self.evidence.case)
        shape = shape_of_rows(self.layout, *rows[0].shape)
        found = {}
        for name, array in zip(claim.names, rows, strict=True):
            given = array.reshape(shape) if array.ndim == 1 else array
            if array.ndim == 2:
                given = shaped(array, self.layout)
            if by_index and name == "targets":
                given = class_indices(given, subject.loss.ignore_index, self.layout)
            found[name.replace("-", "_")] = given
        return found

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the answer of the subject."""
        return self._numbered.shape

    @property
    def place(self) -> str:
        """The Python that takes the value in question from an answer; empty for a scalar."""
        where = np.argwhere(self._numbered == self.number)[0].tolist()
        return str(where) if where else ""

    @property
    def number(self) -> int:
        """The place of the value in an answer of rows, counted in row-major order."""
        shape = self.claim.quantity.shape(*self.evidence.case.point.shape)
        return self.evidence.row * prod(shape[1:]) + (self.evidence.index or 0)

    @property
    def _numbered(self) -> Array:
        """An answer of the shape of the subject's, each value of which is its number."""
        case = self.evidence.case
        shape = self.claim.quantity.shape(*case.point.shape)
        numbers = np.arange(prod(shape)).reshape(shape)
        if self.layout is Layout.ROWS or not shape:
            return numbers
        if len(shape) == 1:
            return numbers.reshape(shape_of_rows(self.layout, case.rows, case.classes))
        found: Array = shaped(numbers, self.layout)
        return found
