"""The gradient ``dE/dz_j`` of the cross-entropy ``E(softmax(z), t)``, for any finite targets.

Along z_j the definition is ``T ln(1 + o_j (e^s - 1)) - t_j s``, with T the sum of the targets; see
:mod:`~gradcert_oracle.definitions`. Targets and T have any sign. A class whose target is not zero
has a finite logit.

Examples
--------
>>> from gradcert_oracle import BINARY64, enclose, question
>>> slopes = enclose(question("dE/dz", (0.0, 0.0), (1.0, 0.0), format=BINARY64))
>>> [float(slope) for slope in slopes]
[-0.5, 0.5]
"""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from math import exp, inf

import numpy as np
from flint import arb

from gradcert_oracle import textbook
from gradcert_oracle.batches import Batch, Widths
from gradcert_oracle.definitions import relative_mass, shares
from gradcert_oracle.differences import log_slopes
from gradcert_oracle.effective_targets import (
    check_row,
    effective,
    effective_sizes,
    exactly,
    masses,
    smoothing,
    weights_of,
)
from gradcert_oracle.options import along
from gradcert_oracle.options_textbook import factor, rescaled, steepness, stored_before
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import check_logits, check_masked_targets, has_both_signs, lookup
from gradcert_oracle.screens import Reference, Screen, log_sum_at_most, textbook_at_most
from gradcert_oracle.sums import float_sum, of_both_signs
from gradcert_oracle.textbook import Arithmetic, Values
from gradcert_oracle.textbook_radii import Rounding, log_sum_radius, share_radii
from gradcert_oracle.wider import STEEPNESS_LOST, Array, Pair, steepness_error

__all__ = ["GRADIENT"]


def _enclose(question: Question, guard: int) -> Enclosures:
    if not question.is_plain:
        return _enclose_with_options(question, guard)
    z, t = question["logits"], question["targets"]
    check_logits(z, masked=True)
    check_masked_targets(t, z)
    kinds = question.kinds
    logits, targets = [z[j] for j in kinds], [t[j] for j in kinds]
    counts = list(Counter(question.equal).values())
    with_target = [j for j, target in enumerate(targets) if target]

    def evaluate(places: Sequence[int]) -> list[arb]:
        whole = shares(logits, counts)
        dominant = whole.dominant
        rest = sum([arb(targets[j]) * counts[j] for j in with_target if j != dominant], arb(0))
        mass = rest if dominant is None else rest + targets[dominant]
        slopes = log_slopes([whole.own[j] if j != dominant else whole.others for j in places])
        return [
            rest - mass * slope if j == dominant else mass * slope - targets[j]
            for j, slope in zip(places, slopes, strict=True)
        ]

    balls = refine(evaluate, len(logits), question.format, guard)
    return question.of_each(balls)


def _enclose_with_options(question: Question, guard: int) -> Enclosures:
    z, t, loss, share = question["logits"], question["targets"], question.loss, question.share
    check_row(loss, z, t)
    kinds, smooth = question.kinds, smoothing(loss, len(z))
    logits, counts = [z[j] for j in kinds], list(Counter(question.equal).values())
    pairs = list(zip(t, weights_of(loss, len(z)), strict=True))
    if not smooth.given:  # A target of zero counts nothing, whatever its weight.
        pairs = [pair if pair[0] else (0.0, 1.0) for pair in pairs]
    of_each, occur = [pairs[j] for j in kinds], Counter(pairs)

    def evaluate(places: Sequence[int]) -> list[arb]:
        moved = along(loss, logits, counts)
        kept, given = exactly(smooth.kept), exactly(smooth.given)
        part = exactly(1 / share.divisor)
        effective = {(x, w): (kept * x + given) * w * part for x, w in occur}

        def total(occurrences: Counter[tuple[float, float]]) -> arb:
            return sum((effective[pair] * count for pair, count in occurrences.items()), arb(0))

        dominant = moved.shares.dominant
        slopes = moved.slopes(
            places,
            [effective[of_each[j]] for j in places],
            total(occur),
            total(occur if dominant is None else occur - Counter([of_each[dominant]])),
            exactly(Fraction(loss.z_loss) / share.z_divisor),
        )
        factor = arb(loss.multiplier) * share.upstream * loss.logit_scale
        return [factor * slope for slope in slopes]

    balls = refine(evaluate, len(logits), question.format, guard)
    return question.of_each(balls)


def _textbook(
    question: Question, places: Sequence[int], level: str, arithmetic: Arithmetic
) -> Values:
    """Return ``o_j T - t_j``, and where t_j is not zero the form of the complement too.

    Where t_j is zero the other targets have the sum T, and the two forms are one. The size of a
    product is ``o_j sum_k |t_k|``, because the sum T is rounded beside that and not beside T.
    """
    if not question.is_plain:
        return _textbook_with_options(question, places, level, arithmetic)
    t, total = question["targets"], arithmetic.total
    o = textbook.softmax(question["logits"], level, arithmetic)
    with_target = [(index, j) for index, j in enumerate(places) if t[j]]
    wanted = [j for _, j in with_target]
    if t.count(0) < len(t) - 1:
        distinct = dict.fromkeys(t)
        targets = lookup(distinct, map(arb, distinct), t)
        if has_both_signs(t):
            (mass, others_targets), (whole, _) = of_both_signs(total, targets, wanted)
        else:
            mass, others_targets = total(targets, wanted)
            whole = abs(mass)
    else:  # The sum of one target and zeros is exact in any order: the target itself.
        mass, others_targets = arb(sum(t)) + 0, [arb(0)] * len(wanted)
        whole = abs(mass)
    twice = whole + whole
    plain = [o[j] * mass for j in places]
    sizes = [o[j] * twice for j in places]
    mirrored = {}
    others = total(o, wanted)[1]
    for (index, j), t_rest, o_rest in zip(with_target, others_targets, others, strict=True):
        plain[index] -= t[j]
        mirrored[index] = o[j] * t_rest - t[j] * o_rest
        sizes[index] = sizes[index] / 2 + abs(t[j]) + abs(plain[index])
    return Values(plain, mirrored, sizes)


def _textbook_with_options(
    question: Question, places: Sequence[int], level: str, arithmetic: Arithmetic
) -> Values:
    """Return ``S_j ((A f + q) p_j - a_j f)``, and with targets the form of the complement too.

    Here f is ``M g s / D``, q is ``2 M g s zeta L / D_z``, and S_j is the derivative of a softcap,
    or one. A run may multiply by f and S_j before or after it takes the difference. The balls have
    f in each term, which is no narrower, and the rounding of a product with S_j is that of a term.
    """
    loss, share, t, lost = question.loss, question.share, question["targets"], arithmetic.lost
    found = textbook.softmax_of(loss, question["logits"], level, arithmetic)
    p = found.values
    targets = effective(loss, t, lost, arithmetic.weighed)
    with_target = [(index, j) for index, j in enumerate(places) if t[j]]
    wanted = [j for _, j in with_target]
    mass = masses(targets, wanted, arithmetic)
    scaled = Fraction(loss.logit_scale), Fraction(loss.multiplier)
    front = factor(share.upstream, [1 / share.divisor, *scaled], lost)
    charged, square = front.lost * (1 + mass.sizes + mass.sizes), arb(0)
    if loss.z_loss:
        numbers = 1 / share.z_divisor, 2 * Fraction(loss.z_loss), *scaled
        doubled = factor(share.upstream, numbers, lost)
        log_sum = found.log_sum()
        charged += doubled.lost * abs(log_sum)
        square = doubled.value * arithmetic.weighed * log_sum
    charged += stored_before(share.upstream, arithmetic)
    steep = [arb(1)] * len(places)
    if loss.softcap < inf:
        logits = [question["logits"][j] for j in places]
        steep = steepness(loss, logits, [found.points[j] for j in places], lost)
    product = front.value * mass.total
    product_size = abs(front.value) * mass.sizes + abs(square)
    values = Values([], {}, [], charged.upper())
    for j, slope in zip(places, steep, strict=True):
        pull = front.value * targets[j]
        # The z-loss may be differentiated by itself, with probabilities of its own.
        plain = (product * p[j] + square * p[j] - pull) * slope
        values.plain.append(plain)
        values.sizes.append((product_size * p[j] + abs(pull)) * slope + abs(plain))
    others = arithmetic.total(p, wanted)[1]
    for (index, j), rest, p_rest in zip(with_target, mass.others, others, strict=True):
        form = front.value * (p[j] * rest - targets[j] * p_rest) + square * p[j]
        values.mirrored[index] = form * steep[index]
    return values


def _scale_with_options(question: Question) -> float:
    """Return the largest ``|M g| s ((W / D + 2 |zeta L| / D_z) p_k + |a_k| / D)``.

    W is the sum of all ``|a_k|``. The derivative of a softcap is left out.
    """
    loss, share = question.loss, question.share
    logits, sizes = rescaled(loss, question["logits"]), effective_sizes(loss, question["targets"])
    part = float(1 / abs(share.divisor))
    square = 2 * abs(loss.z_loss * logits.log_sum) * float(1 / abs(share.z_divisor))
    most = (float_sum(sizes) * part + square) / logits.mass
    terms = zip(logits.points, sizes, strict=True)
    largest = max(most * exp(u - logits.largest) + size * part for u, size in terms)
    return abs(loss.multiplier * share.upstream) * loss.logit_scale * largest


def _scale(question: Question) -> float:
    """Return the largest ``o_k sum_i |t_i| + |t_k|``."""
    if not question.is_plain:
        return _scale_with_options(question)
    z, t = question["logits"], question["targets"]
    largest, whole = max(z), relative_mass(z)
    terms = [(x, target) for x, target in zip(z, t, strict=True) if target]
    mass = float_sum([abs(target) for _, target in terms])
    sizes = [exp(x - largest) / whole * mass + abs(target) for x, target in terms]
    return max([mass / whole, *sizes])


def _largest_target(question: Question) -> float:
    return max(map(abs, question["targets"])) if question.is_plain else -inf


def _products(batch: Batch) -> Pair:
    """Return ``p_j Q``, with Q the sum of the targets, and what a z-loss adds."""
    softmax, wider = batch.softmax, batch.arithmetic
    factor = wider.quotient(batch.pull.total, softmax.mass)
    return wider.product(softmax.powers, factor.per_row())


def _weights(batch: Batch, masses: Array) -> Array:
    """Return ``p_j`` times a number of each row, in binary64."""
    softmax = batch.softmax
    weights: Array = softmax.powers.head * (masses / softmax.mass.head)[:, None]
    return weights


def _reference(batch: Batch) -> Reference:
    """Return ``S_j (p_j Q - a_j)``, where S_j is the derivative of a softcap, or one."""
    wider, t, pull = batch.arithmetic, batch["targets"], batch.pull
    lost = batch.lost(pull.known)
    sizes = _weights(batch, pull.sizes) + np.abs(t)
    # One rounding of the difference, and what the distance of an answer from it leaves out.
    error = _weights(batch, pull.known) * batch.error + 2 * wider.unit * sizes + lost[:, None]
    difference = wider.minus(_products(batch), batch.target_numbers)
    scale = sizes.max(axis=1)
    if batch.rescaled is not None and batch.rescaled.steepness is not None:
        steep = batch.rescaled.steepness
        difference = wider.product(wider.normal(difference), steep)
        error = steep.head * (error + sizes * (steepness_error(wider) + 3 * wider.unit))
        lost = lost + scale * STEEPNESS_LOST
        error = 1.01 * error + lost[:, None]
    return Reference(difference, error, scale, lost)


def _width(batch: Batch, widths: Widths) -> Array:
    """Return ``p_j (|T| w + R + |q L| w_q) + |t_j| w + R_j``: what wide factors and targets add.

    Here w and w_q are those of :class:`Widths`, R_j is a bound of the radius of the ball of t_j,
    and R that of their sum.
    """
    square = batch.pull.sizes - batch.targets.sizes
    whole = np.abs(batch.targets.total.head) * widths.front + batch.target_radii
    own = np.abs(batch["targets"]) * widths.front[:, None] + batch.arguments.get("radii", 0.0)
    width: Array = 0.999 * (_weights(batch, whole + square * widths.square) + own)
    return width


def _budget_at_least(batch: Batch, rounding: Rounding) -> Array:
    """Return ``|Q| (p_j r_j + a) + p_j q R + u (p_j W + |t_j| + |g_j|)``, g_j the value itself.

    ``p_j r_j`` bounds the radius of the quotient p_j from below, and r_j is at least ``u |d_j|``;
    see :func:`~gradcert_oracle.textbook_radii.share_radii`. What it may lose to underflow, a, is
    added to its ball. Q is the sum T of the targets, and ``T + q L`` with a z-loss. Its ball
    contains Q, so the radius of ``p_j Q - t_j`` is at least ``|Q|`` times both. The ball of L
    contains ``L - R`` and ``L + R``; 0.9 of R is left where the ball of p_j is not symmetric. With
    W the sum of the sizes of the terms of Q, the sizes charge one rounding of ``p_j W``, of t_j and
    of the difference; where t_j is zero, they charge two of ``p_j W``, which is no less. The radii
    of the factors and of smoothed targets are added.

    With a softcap the value is ``S_j x``, with x the difference above and S_j the derivative. The
    ball of x contains two numbers that are 2 y apart, one on each side, with y all but the sizes
    above. That of S_j contains ``S_j -+ b``, see :mod:`~gradcert_oracle.rescaled_logits`. The
    product of the larger sizes and that of the smaller ones are ``2 |x| b + 2 S_j y`` apart, less
    at most ``2 b y`` where x is not in the middle. So the radius is at least ``|x| b + (S_j - b)
    y``.
    """
    t, pull = batch["targets"], batch.pull
    # Q is known beside the sizes. Where they cancel, little may be known of Q beside its own size.
    least = np.maximum(np.abs(pull.total.head) - batch.error * pull.known, 0)
    values = _weights(batch, pull.total.head) - t
    sizes = _weights(batch, pull.sizes) + np.abs(t)
    reach = share_radii(batch, rounding) * _weights(batch, least)
    reach += (least * rounding.lost)[:, None]
    if batch.squares is not None:
        moved = 0.9 * np.abs(batch.squares.head) * log_sum_radius(batch, rounding)
        reach += _weights(batch, moved)
    if batch.widths is not None:
        reach += _width(batch, batch.widths)
    rescaled = batch.rescaled
    if rescaled is None or rescaled.steepness is None or rescaled.bend is None:
        bound: Array = rounding.unit * (sizes + np.abs(values)) + reach
        return bound
    steep, bend = rescaled.steepness.head, rounding.unit * rescaled.bend
    bound = rounding.unit * steep * (sizes + np.abs(values))
    bound += np.maximum(steep - bend, 0) * reach + np.abs(values) * bend
    return bound


def _budget_at_most(batch: Batch, rounding: Rounding) -> Array:
    """Return a part of the scale that no budget exceeds, but for underflow.

    With a z-loss the radius of L counts beside the scale, which has ``p_k (W + |q L|)``. With a
    softcap that of S_j is at most ``320 u`` for each of its forms: that of the tangent is at most
    ``32 w`` of it, and the inverse of the cosine's square is off by ``12 w |x| S`` and roundings.
    """
    most = textbook_at_most(batch, rounding)
    if batch.squares is not None:
        radius = np.abs(batch.squares.head) * log_sum_at_most(batch, rounding)
        most = most + 1.1 * radius / batch.pull.sizes
    if batch.rescaled is not None:
        most = most + 1024 * rounding.unit
    return most


GRADIENT = Quantity(
    name="dE/dz",
    arguments=("logits", "targets"),
    enclose=_enclose,
    textbook=_textbook,
    scale=_scale,
    scale_at_least=_largest_target,
    options=True,
    shares=True,
    upstream=True,
    screen=Screen(
        reference=_reference, budget_at_least=_budget_at_least, budget_at_most=_budget_at_most
    ),
)
