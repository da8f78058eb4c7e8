"""Losses whose right answers the wrong answers to another loss may be: one option, or two, changed.

The number of an option is fitted in binary64 to single rows. The loss with that number is only a
candidate: the oracle decides.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from itertools import chain
from math import inf

import numpy as np

from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import floats
from gradcert.core.failures import Broken, NotSupported
from gradcert.core.shares import counted, with_ignored_labels
from gradcert.generation.plain import plain_case
from gradcert_implementations import (
    Array,
    Given,
    Loss,
    MeanOver,
    Reduction,
    SmoothingOver,
)
from gradcert_implementations.interface import options_of
from gradcert_implementations.interface.losses import overridden
from gradcert_implementations.reading import Readings, agreed, rounding_of
from gradcert_oracle import GRADIENT

__all__ = ["Sample", "other_losses"]

_STEPS = 12
"""Steps of Newton's method. It needs one where a loss is linear in the number."""

_NEAR = 1e-6
"""The distance of two numbers whose losses give the slope, as a part of the number."""

_ROUNDINGS = 32
"""Roundings of the sizes that a value may be off by, and more than most are: the oracle decides."""

_DIGITS = range(5, 18)
"""Significant digits of a number that is not simple, the fewest first."""

_FAR = 64
"""Roundings of the sizes, for logits near zero, beyond which a loss is not tried."""

_EXACT = 2
"""Samples of which more digits are tried."""

_MOST_WEIGHTS = 64
"""Classes whose weights are read one by one."""


@dataclass(frozen=True)
class Sample:
    """Some rows of a case, with what a subject returned for them.

    Attributes
    ----------
    claim, case
        What was claimed and asked.
    returned
        The values of some rows, row-major; all finite.
    """

    claim: Claim
    case: Case
    returned: Mapping[int, Sequence[float]]

    @property
    def values(self) -> Array:
        """What was returned, row after row."""
        return np.array([value for row in self.returned.values() for value in row])


@dataclass(frozen=True)
class _Right:
    """The right answers to the rows of a sample in binary64, and the sizes that are rounded."""

    values: Array
    sizes: Array


@np.errstate(all="ignore")
def _right(sample: Sample, loss: Loss) -> _Right:
    """Return what is right for a loss, by its formula (see :class:`Loss`)."""
    claim, case = sample.claim, sample.case
    z = case["logits"].astype(np.float64)
    t = with_ignored_labels(loss, case)["targets"].astype(np.float64)
    u, slope = loss.logit_scale * z, np.full_like(z, loss.logit_scale)
    if loss.softcap is not None:
        bent = np.tanh(u / loss.softcap)
        u, slope = loss.softcap * bent, slope * (1 - bent) * (1 + bent)
    below = u - u.max(axis=1, keepdims=True)
    powers = np.exp(below)
    mass = powers.sum(axis=1, keepdims=True)
    log_sum_exp = u.max(axis=1, keepdims=True) + np.log(mass)
    e, classes = loss.label_smoothing, case.classes
    if loss.smoothing_over is SmoothingOver.OTHERS:
        e *= classes / max(1, classes - 1)
    a = ((1 - e) * t + e / classes) * np.array(loss.weights(classes) or (1.0,) * classes)
    count = counted(loss, case)
    upstream = claim.upstream(case).astype(np.float64) if claim.takes_upstream else 1.0
    front = (loss.multiplier * np.broadcast_to(upstream, case.rows) * count.kept)[:, np.newaxis]
    divisor, z_divisor = float(count.divisor) or np.nan, float(count.z_divisor) or np.nan
    if claim.quantity is GRADIENT:
        square = 2 * loss.z_loss * log_sum_exp / z_divisor
        pull = (a.sum(axis=1, keepdims=True) / divisor + square) * powers / mass
        values = (pull - a / divisor) * slope * front
        sizes = (abs(pull) * (1 + abs(below)) + abs(a) / divisor) * slope * abs(front)
    else:
        terms = np.where(a == 0, 0, a * (np.log(mass) - below)) / divisor
        square = loss.z_loss * log_sum_exp**2 / z_divisor
        values = (terms.sum(axis=1, keepdims=True) + square) * front
        sizes = (abs(terms).sum(axis=1, keepdims=True) + square) * abs(front)
    if claim.quantity.reduces:
        values, sizes = values.sum(axis=0, keepdims=True), sizes.sum(axis=0, keepdims=True)
    rows = list(sample.returned)
    return _Right(values[rows].ravel(), sizes[rows].ravel())


@dataclass(frozen=True)
class _Number:
    """An option that is a number, and where to look for it.

    Attributes
    ----------
    starts
        Numbers that Newton's method may start from; it does from the best. One is enough where the
        loss is linear in the number.
    simple
        Whether only a number of few digits, or a simple fraction, counts: any wrong factor at all
        is some multiplier.
    """

    option: str
    starts: tuple[float, ...]
    low: float = 0.0
    high: float = inf
    simple: bool = False


_NUMBERS = (
    _Number("multiplier", (1.0,), low=-inf, simple=True),
    _Number("label_smoothing", (0.5,), high=1.0),
    _Number("z_loss", (1.0,)),
    _Number("logit_scale", tuple(np.geomspace(1e-3, 1e3, 40).tolist())),
    _Number("softcap", tuple(np.geomspace(0.1, 1e4, 40).tolist())),
)


@np.errstate(all="ignore")
def _readings(returned: Array, sample: Sample, right: _Right, slope: Array, at: float) -> Readings:
    """Return what each value shows of a number, near one where the right values are known."""
    excess = returned - right.values
    known = np.isfinite(excess) & np.isfinite(slope) & (slope != 0)
    unit = rounding_of(sample.claim.format.dtype)
    uncertain = _ROUNDINGS * unit * (right.sizes + abs(returned))[known] / abs(slope[known])
    return Readings(at + excess[known] / slope[known], uncertain)


@np.errstate(all="ignore")
def _fitted(number: _Number, loss: Loss, sample: Sample) -> list[float]:
    """Return numbers with which the loss explains a sample, the simplest first.

    The last one is what the values show, as exactly as they do.
    """
    returned = sample.values

    def right(x: float) -> _Right:
        return _right(sample, overridden(loss, [Given(number.option, x)]))

    def distance(x: float) -> float:
        return float(np.nan_to_num(abs(right(x).values - returned), nan=inf).sum())

    x = min(number.starts, key=distance) if len(number.starts) > 1 else number.starts[0]
    for _ in range(_STEPS):
        step = abs(x) * _NEAR
        if not (number.low < x - step < x + step < number.high):
            return []
        near, at = right(x), x
        slope = (right(x + step).values - right(x - step).values) / (2 * step)
        excess = returned - near.values
        known = np.isfinite(excess) & np.isfinite(slope)
        steep = float(slope[known] @ slope[known])
        if not steep:
            return []
        move = float(excess[known] @ slope[known]) / steep
        if abs(move) <= 2.0**-52 * abs(x):
            break
        x += move
    shown = _readings(returned, sample, near, slope, at)
    return agreed([shown], low=number.low, high=number.high)


def _written(number: _Number, found: Sequence[Sequence[float]]) -> list[float]:
    """Return numbers that several samples show as people write them, those of fewest digits first.

    Of what the values show exactly these are decimals with more and more digits.
    """
    simple = [x for one in found for x in one if float(f"{x:.3e}") == x or x != one[-1]]
    exact = [] if number.simple else [one[-1] for one in found if one][:_EXACT]
    decimals = [float(f"{x:.{digits}g}") for digits in _DIGITS for x in exact]
    return list(dict.fromkeys([*simple, *decimals]))


def _given(loss: Loss, **values: object) -> Iterator[Loss]:
    """Yield the loss with options given anew, if that is one."""
    with suppress(ValueError):
        yield overridden(loss, [Given(name, value) for name, value in values.items()])


def _reductions(loss: Loss) -> Iterator[Loss]:
    """Yield the loss with another reduction.

    A sum and no reduction differ in the upstream gradient only, and one is not taken for the other.
    """
    if loss.reduction is Reduction.MEAN:
        yield from _given(loss, reduction=Reduction.SUM)
        yield from _given(loss, reduction=Reduction.NONE)
    for over in MeanOver:
        if over is not MeanOver.KEPT or loss.ignore_index is not None:
            yield from _given(loss, reduction=Reduction.MEAN, mean_over=over)


def _left_out(loss: Loss) -> Iterator[Loss]:
    """Yield the loss without one of its options."""
    defaults = {field.name: field.default for field in fields(Loss)}
    for name in options_of(loss):
        yield from _given(loss, **{name: defaults[name]})


def _with_a_number(loss: Loss, samples: Sequence[Sample]) -> Iterator[Loss]:
    for number in _NUMBERS:
        bases: list[Loss] = [loss]
        if number.option == "label_smoothing":
            bases = [
                replace(loss, label_smoothing=number.starts[0], smoothing_over=over)
                for over in SmoothingOver
            ]
        for base in bases:
            for value in _written(number, [_fitted(number, base, one) for one in samples]):
                yield from _given(base, **{number.option: value})


def _with_weights(loss: Loss, claim: Claim) -> Iterator[Loss]:
    """Yield the loss with class weights, read from one row for each label."""
    classes = claim.only_classes
    if classes is None or not 1 < classes <= _MOST_WEIGHTS or loss.label_smoothing or loss.z_loss:
        return
    plain = plain_case(claim, np.zeros((classes, classes)), "plain")
    targets = np.eye(classes, dtype=claim.format.dtype)
    case = replace(plain, arguments={**plain.arguments, "targets": targets})
    alike = replace(loss, class_weights=(1.0,) * classes)
    weights = []
    for label in range(classes):
        one = case.alone(label)
        try:
            sample = Sample(claim, one, {0: floats(claim.answer(one)[0])})
        except (Broken, NotSupported):
            return
        right = _right(sample, alike)
        nothing = replace(right, values=0 * right.values)
        weights.append(agreed([_readings(sample.values, sample, nothing, right.values, 0.0)]))
    if all(weights):
        for place in (0, -1):
            yield from _given(loss, class_weights=tuple(found[place] for found in weights))


def _with_ignored_rows(loss: Loss, samples: Sequence[Sample]) -> Iterator[Loss]:
    """Yield the loss with a label ignored whose rows have zeros."""
    labels = {
        int(sample.case["targets"][row].argmax()): None
        for sample in samples
        for row, values in sample.returned.items()
        if not any(values) and not sample.claim.quantity.reduces
    }
    for label in labels:
        yield from _given(loss, ignore_index=label)


def _changed(loss: Loss, claim: Claim, samples: Sequence[Sample]) -> Iterator[Loss]:
    """Yield the loss with one option changed, other than the reduction."""
    yield from _left_out(loss)
    yield from _with_a_number(loss, samples)
    yield from _with_weights(loss, claim)
    yield from _with_ignored_rows(loss, samples)


@np.errstate(all="ignore")
def _agrees(loss: Loss, sample: Sample) -> bool:
    """Return whether a loss is not far from what a sample shows, as far as it has values there."""
    right = _right(sample, loss)
    unit = rounding_of(sample.claim.format.dtype)
    steps = _FAR * (1 + abs(sample.case["logits"].astype(np.float64)).max())
    allowed = unit * steps * right.sizes + sample.claim.format.underflow
    apart: Array = abs(sample.values - right.values) > allowed
    return not apart.any()


def other_losses(samples: Sequence[Sample], *, rows_depend: bool) -> Iterator[Loss]:
    """Yield losses that may explain what a subject returned.

    Parameters
    ----------
    samples
        Wrong rows of one quantity, in the widest format and of the smallest case first. A loss
        agrees with three of four of them, in a rough comparison, or with all if there are fewer.
    rows_depend
        Whether a row depends on the others. Then the loss may have another mean and another option
        as well.

    Returns
    -------
    First losses with another reduction, then those with another option changed, then those with
    both. They differ from the claimed one, and some may contradict its domain.
    """
    if not samples:
        return
    claim = samples[0].claim
    loss = claim.loss
    seen = {loss}
    bases = [loss, *_reductions(loss)]
    wider = bases if rows_depend or loss.reduction is Reduction.MEAN else bases[:1]
    for one in chain(bases, *(_changed(base, claim, samples) for base in wider)):
        if one in seen:
            continue
        seen.add(one)
        if 4 * sum(not _agrees(one, sample) for sample in samples) <= len(samples):
            yield one
