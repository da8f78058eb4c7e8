"""What a wrong row shows of a number that explains it. The estimates of the flaws use it."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Any

import ml_dtypes
import numpy as np

from gradcert_implementations.interface import Array
from gradcert_implementations.parametric import Seen
from gradcert_implementations.simple_numbers import simple_near

__all__ = [
    "Readings",
    "Shares",
    "agreed",
    "below_largest",
    "differs",
    "is_by_class",
    "label_of",
    "rounding",
    "rounding_of",
    "shares_of",
    "targets_of",
]

_SLACK = 8.0
"""Readings this many uncertainties apart agree: a right algorithm may err by several roundings."""


@dataclass(frozen=True)
class Readings:
    """A number as several places of an answer show it.

    Attributes
    ----------
    values, uncertainties
        What each place shows, and by how much rounding may have changed it; of one shape.
    """

    values: Array
    uncertainties: Array

    @classmethod
    def of(cls, seen: Seen, excess: Array, slope: Array, size: Array) -> "Readings":
        """Return x of ``excess = x slope``, where values of this size were rounded.

        Places whose slope is zero are left out.
        """
        known = np.broadcast_to(slope != 0, excess.shape) & np.isfinite(excess)
        steep = np.broadcast_to(slope, excess.shape)[known]
        with np.errstate(all="ignore"):
            return cls(
                excess[known] / steep,
                4 * rounding(seen) * np.broadcast_to(size, excess.shape)[known] / abs(steep),
            )


def rounding(seen: Seen) -> float:
    """Return half a unit in the last place of one, in the format of the call.

    Examples
    --------
    >>> halves = np.array([0.5], ml_dtypes.bfloat16)
    >>> rounding(Seen({"logits": halves}, 0, halves, halves, halves.dtype))
    0.00390625
    """
    return rounding_of(seen.dtype)


def rounding_of(dtype: "np.dtype[Any]") -> float:
    """Return half a unit in the last place of one.

    Examples
    --------
    >>> rounding_of(np.dtype(ml_dtypes.bfloat16))
    0.00390625
    """
    return float(ml_dtypes.finfo(dtype).eps) / 2  # type: ignore[no-untyped-call]


def label_of(seen: Seen) -> int | None:
    """Return the class whose target is one where the targets of the row are one-hot, else None.

    Examples
    --------
    >>> one_hot = np.array([[0.0, 1.0]])
    >>> both = {"logits": one_hot, "targets": one_hot}
    >>> label_of(Seen(both, 0, one_hot[0], one_hot[0], one_hot.dtype))
    1
    """
    if "targets" not in seen.arguments:
        return None
    targets = seen.arguments["targets"][seen.row].astype(np.float64)
    (classes,) = targets.nonzero()
    return int(classes[0]) if len(classes) == 1 and targets[classes[0]] == 1 else None


@dataclass(frozen=True)
class Shares:
    """The probabilities of a row: the true ones, those that an answer shows, and what was rounded.

    Attributes
    ----------
    true, shown, size
        The sizes are those of the numbers that were rounded on the way to the answer.
    """

    true: Array
    shown: Array
    size: Array


def targets_of(seen: Seen) -> Array:
    """Return the targets of the row in binary64; zeros for what does not subtract them.

    The answers of softmax sum to one, and those of its gradient to zero.
    """
    summed = abs(seen.expected).sum()
    if "targets" not in seen.arguments or (seen.expected.min() >= 0 and summed > 0):
        return np.zeros(len(seen.expected))
    targets: Array = seen.arguments["targets"][seen.row].astype(np.float64)
    return targets


def shares_of(seen: Seen) -> Shares | None:
    """Return the probabilities that an answer shows: of softmax, or of a gradient by the logits.

    None for a quantity that shows none.

    Examples
    --------
    >>> logits, targets = np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]])
    >>> both = {"logits": logits, "targets": targets}
    >>> returned, expected = np.array([-0.25, 0.25]), np.array([-0.5, 0.5])
    >>> shares_of(Seen(both, 0, returned, expected, logits.dtype)).shown
    array([0.75, 0.25])
    """
    if "logits" not in seen.arguments or not is_by_class(seen):
        return None
    targets = targets_of(seen)
    size = abs(seen.returned) + abs(seen.expected) + targets
    return Shares(seen.expected + targets, seen.returned + targets, size)


def is_by_class(seen: Seen) -> bool:
    """Return whether the answer has one value a class; a loss has one a row."""
    classes: int = next(iter(seen.arguments.values())).shape[-1]
    return len(seen.expected) == classes > 1


def below_largest(seen: Seen) -> Array:
    """Return ``z_j - max z`` of the row in binary64.

    Examples
    --------
    >>> logits = np.array([[0.0, 2.0]])
    >>> below_largest(Seen({"logits": logits}, 0, logits[0], logits[0], logits.dtype))
    array([-2.,  0.])
    """
    z = seen.arguments["logits"][seen.row].astype(np.float64)
    shifted: Array = z - z.max()
    return shifted


def differs(seen: Seen) -> Array:
    """Return which values differ from the true ones by clearly more than a few roundings."""
    size = abs(seen.expected)
    if is_by_class(seen):
        size = size + targets_of(seen)
    with np.errstate(invalid="ignore"):
        same = abs(seen.returned - seen.expected) <= 2 * _SLACK * rounding(seen) * size
    apart: Array = ~(same | (seen.returned == seen.expected))
    return apart


def agreed(readings: Iterable[Readings], *, low: float = -inf, high: float = inf) -> list[float]:
    """Return what a number may be that many places show; nothing if they contradict each other.

    Parameters
    ----------
    readings
        What each row shows.
    low, high
        The number lies between them.

    Examples
    --------
    >>> agreed([Readings(np.array([2.01, 1.98]), np.array([0.02, 0.05]))])
    [2.0, 2.01]
    >>> agreed([Readings(np.array([2.01, 3.98]), np.array([0.02, 0.05]))])
    []
    """
    found = list(readings)
    values = np.concatenate([one.values for one in found] or [np.zeros(0)])
    uncertainties = np.concatenate([one.uncertainties for one in found] or [np.zeros(0)])
    finite = np.isfinite(values) & np.isfinite(uncertainties)
    values, uncertainties = values[finite], uncertainties[finite]
    telling = values != 0
    if not telling.any():
        return []
    quality = np.full(len(values), inf)
    quality[telling] = uncertainties[telling] / abs(values[telling])
    best = int(quality.argmin())
    if quality[best] > 0.25:
        return []
    apart = abs(values - values[best])
    if (apart > _SLACK * (uncertainties + uncertainties[best])).any():
        return []
    near = simple_near(float(values[best]), float(uncertainties[best]))
    return [x for x in near if low < x < high]
