"""The cross-entropy ``E = -sum_j t_j ln o_j`` with ``o = softmax(z)``, one value for each row.

Each ``-ln o_j`` is ``-ln(1 - (1 - o_j))`` where class j dominates, and
``max z - z_j + ln sum_k exp(z_k - max z)`` elsewhere. Both are sums of terms of one sign. Targets
are any finite numbers. If some are negative, E may cancel, and its scale is that of its terms.

Examples
--------
>>> from gradcert_oracle import BINARY64, enclose, question
>>> confident = question("loss", (40.0, 0.0), (1.0, 0.0), format=BINARY64)
>>> print(enclose(confident)[0].str(20, radius=False))
4.2483542552915889863e-18
"""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from math import log

import numpy as np
from flint import arb

from gradcert_oracle import textbook
from gradcert_oracle.batches import Batch
from gradcert_oracle.definitions import relative_mass, shares
from gradcert_oracle.differences import analytic_log, analytic_log1p
from gradcert_oracle.effective_targets import (
    check_row,
    effective,
    effective_sizes,
    exactly,
    smoothing,
    weights_of,
)
from gradcert_oracle.options import along
from gradcert_oracle.options_textbook import factor, rescaled, sum_of
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import check_logits, check_masked_targets, has_both_signs
from gradcert_oracle.screens import Reference, Screen, log_sum_at_most, textbook_at_most
from gradcert_oracle.sums import float_sum, of_both_signs
from gradcert_oracle.textbook import Arithmetic, Values
from gradcert_oracle.textbook_radii import Rounding, log_sum_radius, mass_radius
from gradcert_oracle.wider import LOG_ERROR, LOG_LOST, Array, Pair

__all__ = ["LOSS"]


def _enclose(question: Question, guard: int) -> Enclosures:
    if not question.is_plain:
        return _enclose_with_options(question, guard)
    z, t = question["logits"], question["targets"]
    check_logits(z, masked=True)
    check_masked_targets(t, z)
    kinds = Counter(zip(z, t, strict=True))
    logits = [x for x, _ in kinds]

    def evaluate(_: Sequence[int]) -> list[arb]:
        whole = shares(logits, list(kinds.values()))
        log_mass, largest = analytic_log(whole.mass).real, arb(logits[whole.top])
        dominant = whole.dominant
        total = arb(0)
        for j, ((x, target), count) in enumerate(kinds.items()):
            if target and j == dominant:
                total -= target * analytic_log1p(-whole.others).real
            elif target:
                total += (largest - x + log_mass) * target * count
        return [total]

    return refine(evaluate, 1, question.format, guard)


def _enclose_with_options(question: Question, guard: int) -> Enclosures:
    """Enclose ``M (C / D + zeta L^2 / D_z)``. The upstream gradient plays no role in a value."""
    z, t, loss, share = question["logits"], question["targets"], question.loss, question.share
    check_row(loss, z, t)
    smooth = smoothing(loss, len(z))
    kinds = Counter(zip(z, t, weights_of(loss, len(z)), strict=True))
    logits, counts = [x for x, _, _ in kinds], list(kinds.values())
    # Classes of equal targets and weights have one sum of the -ln p_k.
    numbers: dict[tuple[float, float], int] = {}
    which = [numbers.setdefault((target, w), len(numbers)) for _, target, w in kinds]
    counted = [bool(w and (x or loss.label_smoothing)) for x, w in numbers]

    def evaluate(_: Sequence[int]) -> list[arb]:
        moved = along(loss, logits, counts)
        whole, points = moved.shares, moved.points
        top, dominant = points[whole.top] + analytic_log(whole.mass).real, whole.dominant
        surprises = [arb(0)] * len(numbers)
        for j, (number, point, count) in enumerate(zip(which, points, counts, strict=True)):
            if counted[number]:
                surprise = top - point if j != dominant else -analytic_log1p(-whole.others).real
                surprises[number] += surprise if count == 1 else surprise * count
        kept, given = exactly(smooth.kept), exactly(smooth.given)
        pairs = zip(numbers, surprises, strict=True)
        total = sum(((kept * x + given) * w * surprise for (x, w), surprise in pairs), arb(0))
        # The power of a ball around zero is NaN; its product with itself is not.
        squared = moved.log_sum * moved.log_sum
        square = exactly(Fraction(loss.z_loss) / share.z_divisor) * squared
        return [loss.multiplier * (total * exactly(1 / share.divisor) + square)]

    return refine(evaluate, 1, question.format, guard)


def _textbook(question: Question, _: Sequence[int], level: str, arithmetic: Arithmetic) -> Values:
    if not question.is_plain:
        return _textbook_with_options(question, level, arithmetic)
    log_o = textbook.softmax(question["logits"], level, arithmetic, logarithms=True)
    pairs = zip(question["targets"], log_o, strict=True)
    terms = [target * log_o_j for target, log_o_j in pairs if target]
    if has_both_signs(question["targets"]):
        value = of_both_signs(arithmetic.total, terms)[0][0]
    else:
        value = arithmetic.total(terms, ())[0] if terms else arb(0)
    return Values([value], {}, [sum(map(abs, terms), abs(value))])


def _textbook_with_options(question: Question, level: str, arithmetic: Arithmetic) -> Values:
    """Return ``M (-sum_k a_k ln p_k / D + zeta L^2 / D_z)``.

    A log-sum-exp allows another form of it, ``sum_k a_k L - sum_k a_k u_k``, where smoothing needs
    one sum of all logits.
    """
    loss, share, z, lost = question.loss, question.share, question["logits"], arithmetic.lost
    found = textbook.softmax_of(loss, z, level, arithmetic, logarithms=True)
    targets = effective(loss, question["targets"], lost, arithmetic.weighed)
    scaled = Fraction(loss.multiplier)
    front = factor(1.0, [1 / share.divisor, scaled], lost)
    surprises = [-a * log for a, log in zip(targets, found.values, strict=True) if not a.is_zero()]
    terms = [front.value * surprise for surprise in surprises]
    log_sum = found.log_sum()
    charged, square = front.lost * (1 + sum(map(abs, surprises), arb(0))), arb(0)
    if loss.z_loss:
        numbers = 1 / share.z_divisor, Fraction(loss.z_loss), scaled
        squared = factor(1.0, numbers, lost)
        charged += squared.lost * (1 + abs(log_sum)) ** 2
        square = squared.value * arithmetic.weighed * log_sum * log_sum
    value = sum_of(terms, arithmetic) + square
    values = Values([value], {}, [sum(map(abs, terms), abs(square) + abs(value))], charged.upper())
    if level == "log-sum-exp" and loss.label_smoothing:
        points = textbook.points(loss, z, lost)
        moved = [a * u for a, u in zip(targets, points, strict=True) if not a.is_zero()]
        entropy = sum_of(targets, arithmetic) * log_sum - sum_of(moved, arithmetic)
        values.mirrored[0] = front.value * entropy + square
    return values


def _scale_with_options(question: Question) -> float:
    """Return ``|M| (sum_k |a_k| (1 - ln p_k) / D + |zeta| L^2 / D_z)``."""
    loss, share = question.loss, question.share
    logits, sizes = rescaled(loss, question["logits"]), effective_sizes(loss, question["targets"])
    terms = zip(logits.points, sizes, strict=True)
    total = float_sum([size * (1 + logits.log_sum - u) for u, size in terms if size])
    # A product is infinite where a power would raise. Without a z-loss nothing is squared.
    square = logits.log_sum * logits.log_sum * abs(loss.z_loss) if loss.z_loss else 0.0
    square *= float(1 / abs(share.z_divisor))
    return abs(loss.multiplier) * (total * float(1 / abs(share.divisor)) + square)


def _scale(question: Question) -> float:
    """Return ``sum_k |t_k| (1 - ln o_k)``, which is ``E + sum_k t_k`` if no target is negative."""
    if not question.is_plain:
        return _scale_with_options(question)
    z, t = question["logits"], question["targets"]
    largest, log_mass = max(z), log(relative_mass(z))
    terms = [(x, target) for x, target in zip(z, t, strict=True) if target]
    mass = float_sum([abs(target) for _, target in terms])
    loss = float_sum([abs(target) * (largest - x + log_mass) for x, target in terms])
    return float_sum([mass, loss])


def _sizes(batch: Batch) -> Array:
    """Return ``sum_j |t_j| (|d_j| + ln S)``, the sizes of the terms of the cross-entropy."""
    sizes: Array = batch.moved.sizes + batch.targets.sizes * batch.log_mass.head
    return sizes


def _square(batch: Batch) -> Pair:
    """Return ``q L^2`` of each row, what a z-loss adds; zero without one."""
    if batch.squares is None:
        return Pair(np.zeros(len(batch["logits"])))
    wider = batch.arithmetic
    return wider.product(batch.squares, wider.product(batch.log_sum, batch.log_sum))


def _reference(batch: Batch) -> Reference:
    """Return ``sum_j t_j |d_j| + T ln(1 + R) + q L^2``, with R the powers' sum without the largest.

    All terms are positive if no target is negative, and the logarithm's relative error is at most
    that of R and its own. So the error, relative to the sum of the sizes of the terms, is at most
    that of a share, see :class:`Batch`, with a rounding of each difference, which is within the
    error of a power, and six more operations. A difference of logits under a softcap has an error
    of its own, beside W without the targets whose difference is zero. The square is known to twice
    the error of L times ``|L|`` and that error, see :attr:`Batch.pull
    <gradcert_oracle.batches.Batch.pull>`, and three roundings.
    """
    wider, targets = batch.arithmetic, batch.targets
    loss = wider.less(batch.moved.total, wider.product(targets.total.times(-1.0), batch.log_mass))
    lost = batch.lost(targets.sizes) * batch.classes + targets.sizes * LOG_LOST
    sizes = _sizes(batch)
    error = sizes * (batch.error + LOG_ERROR + 6 * wider.unit)
    if batch.rescaled is not None:
        error = error + batch.targets_below * batch.rescaled.error
    scale = sizes + targets.sizes
    if batch.squares is not None:
        square, off = _square(batch), batch.error * batch.log_size
        loss = wider.less(loss, square.times(-1.0))
        size = np.abs(square.head)
        twice = 2 * np.abs(batch.log_sum.head) + off
        error = error + np.abs(batch.squares.head) * off * twice + wider.unit * (6 * size + sizes)
        scale = scale + size
    return Reference(loss, error + lost, scale, lost)


def _width_of_targets(batch: Batch) -> Array:
    """Return ``sum_j R_j |ln o_j|``, with R_j a bound of the radius of the ball of t_j."""
    radii = batch.arguments.get("radii")
    if radii is None:
        return np.zeros(len(batch["targets"]))
    terms = radii * (batch.softmax.drops + batch.log_mass.head[:, None])
    width: Array = (terms if batch.counts is None else terms * batch.counts).sum(axis=1)
    return width


def _budget_at_least(batch: Batch, rounding: Rounding) -> Array:
    """Return ``u (A + L + |E|) + v L + W r``, with r a radius of ``ln S``.

    Here ``A = sum_j |t_j| x_j``, with u x_j the half distance of two ends of the exponent's ball,
    ``u |d_j|`` for logits that are not rescaled. L is the sum of the sizes ``|t_j ln o_j|`` of the
    terms, and W that of the targets. A term is ``t_j (d_j +- u x_j - ln S) (1 +- v)``, with v the
    unit of a log-probability that is stored, and the ball of ln S counts in each of them. The ends
    are apart by at least twice ``|t_j| (u x_j + r + v |l_j|)``, and the radii of the terms of a sum
    add up, whatever their signs. The sizes charge one rounding of each term and of the sum: ``L +
    |E|``.

    The ball of S contains two numbers whose ratio is A / B, and half of its logarithm is at least
    one r; see :func:`~gradcert_oracle.textbook_radii.mass_radius`. Each of the n powers is charged
    a loss to underflow of a. So the ball also contains ``S + n a`` and ``S - n a``, and ``n a / S``
    is another r. The larger one counts.

    The radii of the factors, which all terms have, and of smoothed targets are added.

    A z-loss is one more term, ``q L^2``, where L has a ball of its own: with ends ``L - R`` and ``L
    + R`` their squares are ``4 |L| R`` apart.
    """
    sizes = _sizes(batch)
    loss = batch.moved.total.head + batch.targets.total.head * batch.log_mass.head
    lost = batch.classes * rounding.lost / batch.softmax.mass.head
    radius = batch.targets.sizes * np.maximum(mass_radius(batch, rounding), lost)
    if batch.squares is not None:
        square = _square(batch).head
        twice = 2 * np.abs(batch.squares.head * batch.log_sum.head)
        loss, sizes = loss + square, sizes + np.abs(square)
        radius = radius + twice * log_sum_radius(batch, rounding)
    if batch.widths is not None:
        square = sizes - _sizes(batch)
        width = _sizes(batch) * batch.widths.front + square * batch.widths.square
        radius = radius + 0.999 * (width + _width_of_targets(batch))
    bound: Array = rounding.unit * (batch.moves_of_targets + sizes + np.abs(loss))
    bound += rounding.stored * _sizes(batch) + radius
    return bound


def _budget_at_most(batch: Batch, rounding: Rounding) -> Array:
    """Return a part of the scale that no budget exceeds, but for underflow.

    With a z-loss the radius of ``q L^2`` counts beside the scale.
    """
    most = textbook_at_most(batch, rounding)
    if batch.squares is not None:
        radius = log_sum_at_most(batch, rounding)
        off = np.abs(batch.squares.head) * radius * (2 * np.abs(batch.log_sum.head) + radius)
        scale = _sizes(batch) + batch.targets.sizes + np.abs(_square(batch).head)
        most = most + 1.1 * off / scale
    return most


LOSS = Quantity(
    name="loss",
    arguments=("logits", "targets"),
    shape=lambda rows, _: (rows,),
    enclose=_enclose,
    textbook=_textbook,
    scale=_scale,
    pooled=False,
    unbounded=True,
    options=True,
    shares=True,
    screen=Screen(
        reference=_reference, budget_at_least=_budget_at_least, budget_at_most=_budget_at_most
    ),
)
