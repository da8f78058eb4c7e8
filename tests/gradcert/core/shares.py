"""The loss that a claim is about, as the oracle knows it, and what each row of a case counts."""

import functools
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from math import inf

import numpy as np

from gradcert.core.case import Case
from gradcert.core.failures import Broken
from gradcert_implementations import Array, Loss, MeanOver, Reduction
from gradcert_oracle import Loss as TrueLoss
from gradcert_oracle import Share

__all__ = [
    "Count",
    "counted",
    "kept_rows",
    "share_of",
    "true_loss",
    "weights_of",
    "with_ignored_labels",
]


def weights_of(loss: Loss, classes: int) -> tuple[float, ...] | None:
    """Return the class weights of this many classes; None without class weights.

    Raises
    ------
    Broken
        If the function that a subject has for them fails, or returns another number of them.

    Examples
    --------
    >>> weights_of(Loss(class_weights=[0.1, 1]), 2)
    (0.1, 1.0)
    """
    try:
        return loss.weights(classes)
    except ValueError as error:
        if isinstance(error.__cause__, Broken):  # It was called in another process.
            raise error.__cause__ from None
        raise Broken(str(error)) from error


@functools.lru_cache(maxsize=256)
def true_loss(loss: Loss, classes: int) -> TrueLoss:
    """Return the oracle's record of a loss: it has some options of the interface's by name.

    Class weights are those that are claimed. The oracle charges a rounding where one is no number
    of the format, because a subject may have it in the dtype of its logits.

    Examples
    --------
    >>> true_loss(Loss(class_weights=[0.1, 1]), 2).class_weights
    (0.1, 1.0)
    """
    values = {option.name: getattr(loss, option.name) for option in fields(TrueLoss)}
    values["class_weights"] = weights_of(loss, classes)
    values["softcap"] = inf if loss.softcap is None else loss.softcap
    return TrueLoss(**values)


def with_ignored_labels(loss: Loss, case: Case) -> Case:
    """Return the case without a target in the rows that have the ignored class for a label.

    Examples
    --------
    >>> from gradcert.core.case import Regime
    >>> case = Case({"logits": np.eye(2), "targets": np.eye(2)}, (Regime("ties"),) * 2)
    >>> with_ignored_labels(Loss(ignore_index=0), case)["targets"].tolist()
    [[0.0, 0.0], [0.0, 1.0]]
    """
    label = loss.ignore_index
    if label not in range(case.classes) or "targets" not in case.arguments:
        return case
    ignored = case["targets"][:, label] != 0
    if not ignored.any():
        return case
    targets = case["targets"].copy()
    targets[ignored] = 0
    return replace(case, arguments={**case.arguments, "targets": targets})


def kept_rows(loss: Loss, case: Case) -> Array:
    """Return which rows count: those with a target at a class that is not ignored."""
    if loss.ignore_index is None or "targets" not in case.arguments:
        return np.ones(case.rows, bool)
    kept: Array = np.any(with_ignored_labels(loss, case)["targets"] != 0, axis=1)
    return kept


@dataclass(frozen=True)
class Count:
    """What the rows of a case count together.

    Attributes
    ----------
    kept
        Which rows count.
    divisor, z_divisor
        What their cross-entropy is divided by, and their z-loss.
    """

    kept: Array
    divisor: Fraction
    z_divisor: Fraction

    @property
    def nothing(self) -> bool:
        """Whether the loss is 0/0: it divides by zero."""
        return not (self.divisor and self.z_divisor)


def _divisor(loss: Loss, over: MeanOver, case: Case, kept: Array) -> Fraction:
    if loss.reduction is not Reduction.MEAN:
        return Fraction(1)
    match over:
        case MeanOver.ROWS:
            return Fraction(case.rows)
        case MeanOver.KEPT:
            return Fraction(int(kept.sum()))
        case MeanOver.ELEMENTS:
            return Fraction(case.point.size)
        case MeanOver.WEIGHTS:
            weights = true_loss(loss, case.classes).class_weights or ()
            labels = case["targets"].argmax(axis=1)[kept]
            return sum((Fraction(weights[label]) for label in labels.tolist()), Fraction(0))


@functools.lru_cache(maxsize=8)
def counted(loss: Loss, case: Case) -> Count:
    """Return what the rows of a case count together in a loss.

    Examples
    --------
    >>> from gradcert.core.case import Regime
    >>> rows = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    >>> case = Case({"logits": rows, "targets": rows}, (Regime("ties"),) * 3)
    >>> mean = Loss(reduction="mean", mean_over="kept", ignore_index=-100)
    >>> counted(mean, case).divisor
    Fraction(2, 1)
    """
    kept = kept_rows(loss, case)
    over = loss.mean_over
    return Count(
        kept,
        _divisor(loss, over, case, kept),
        _divisor(loss, loss.z_loss_mean_over or over, case, kept),
    )


def share_of(loss: Loss, case: Case, row: int, *, upstream: float) -> Share:
    """Return what one row counts. If the loss divides by zero, no row does."""
    count = counted(loss, case)
    return Share(
        upstream=upstream,
        divisor=count.divisor,
        z_divisor=count.z_divisor,
        kept=bool(count.kept[row]) and not count.nothing,
    )
