"""Mutants that need the logits and the targets of a call: terms of the gradient are lost.

The gradient of a row is c (p - t), with p = softmax(z). The factor c, which a mean or an upstream
gradient brings in, is the one that fits the row best.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from gradcert.audit.mutants import MUTANTS, Mutant, Part
from gradcert_implementations import Array

__all__ = ["ALL_MUTANTS", "LABEL_MUTANTS", "LabelledPart"]


@dataclass(frozen=True, eq=False)
class LabelledPart(Part):
    """Some consecutive rows of a right gradient, with the logits and targets that it was made from.

    Attributes
    ----------
    logits
        The logits, of shape (rows, classes).
    targets
        The targets, of shape (rows, classes). Those of a label are one-hot, and those of a row
        whose label is no class are zeros.
    """

    logits: Array = field(kw_only=True)
    targets: Array = field(kw_only=True)


def _softmax(logits: Array) -> Array:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    powers = np.exp(shifted)
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _factor(part: LabelledPart, difference: Array) -> Array:
    """Return the c of each row with which c (p - t) is nearest to its values."""
    values = part.values.astype(np.float64)
    sizes = (difference**2).sum(axis=-1, keepdims=True)
    products = (values * difference).sum(axis=-1, keepdims=True)
    return np.asarray(np.where(sizes == 0, 0, products / np.where(sizes == 0, 1, sizes)))


def _with_factor(
    make: Callable[[LabelledPart, Array], Array],
) -> Callable[[LabelledPart], Array]:
    def made(part: LabelledPart) -> Array:
        # The softmax of a row of -inf alone is NaN.
        difference = np.nan_to_num(_softmax(part.logits.astype(np.float64)) - part.targets)
        wrong = make(part, _factor(part, difference))
        return wrong.astype(part.values.dtype)

    return made


def _diagonal_only(part: LabelledPart) -> Array:
    return np.where(part.targets != 0, part.values, part.values.dtype.type(0))


def _softmax_dropped(part: LabelledPart, c: Array) -> Array:
    return np.asarray(0 - c * part.targets)


def _target_forgotten(part: LabelledPart, c: Array) -> Array:
    return np.asarray(part.values + c * part.targets)


def _of_labels(name: str, sentence: str, make: Callable[[LabelledPart], Array]) -> Mutant:
    def applied(part: Part) -> Array:
        assert isinstance(part, LabelledPart)
        return make(part)

    def applies(part: Part) -> bool:
        return isinstance(part, LabelledPart) and part.values.size > 0

    return Mutant(name, sentence, applied, applies)


LABEL_MUTANTS = (
    _of_labels(
        "diagonal-only", "an answer that is zero except in the class of the label", _diagonal_only
    ),
    _of_labels(
        "softmax-dropped",
        "an answer that has only the term of the target",
        _with_factor(_softmax_dropped),
    ),
    _of_labels(
        "target-forgotten",
        "an answer that has only the term of the softmax",
        _with_factor(_target_forgotten),
    ),
)
"""Mutants of a gradient by the logits, where the call has labels or targets."""

ALL_MUTANTS = {mutant.name: mutant for mutant in (*MUTANTS, *LABEL_MUTANTS)}
"""All mutants that a test is tried with, by name."""
