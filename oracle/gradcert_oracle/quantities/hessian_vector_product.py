r"""The Hessian of the plain cross-entropy times a vector, ``d/dr dE/dz_j (z + r v)`` at r = 0.

It is a mixed derivative of the definition, ``d2/(dr ds) E(z + r v + s e_j)`` at zero. With o the
shares at z, T the sum of the targets, and

.. math::
   o_j(r) = \frac{o_j e^{r v_j}}{N(r)}, \qquad N(r) = \sum_k o_k e^{r v_k},

the definition along r and s is ``T psi(r, s)`` with ``psi = ln(1 + o_j(r) (e^s - 1))``, and terms
in r alone or in s alone, which no mixed difference sees. So all classes need one sum N.

The theorem on a bidisc. Let psi be analytic where :math:`|r| \le R` and :math:`|s| \le S`, and
:math:`|\psi| \le M` there. Then the mixed difference

.. math::
   D = \frac{\psi(h, k) - \psi(-h, k) - \psi(h, -k) + \psi(-h, -k)}{4 h k}, \quad
   |D - \psi_{rs}| \le \frac{M}{R S} \Bigl( \frac{1}{(1 - a)(1 - b)} - 1 \Bigr), \quad
   a = (h / R)^2, \ b = (k / S)^2 .

Proof. Write :math:`\psi = \sum a_{mn} r^m s^n`. Cauchy's estimate gives :math:`|a_{mn}| \le M /
(R^m S^n)`. Terms with an even m or n cancel in D, and those with odd ones leave :math:`a_{mn}
h^{m-1} k^{n-1}`. The first is the derivative. The others are at most M / (R S) times the product of
two geometric series, in a and in b, less its first term.

The difference is a single logarithm, of ``1 + y``, in which nothing cancels but v itself. With
:math:`p_\pm = o_j(\pm h)`,

.. math::
   y = \frac{(p_+ - p_-)(e^k - e^{-k})}{(1 + p_+ (e^{-k} - 1)) (1 + p_- (e^k - 1))}, \quad
   p_+ - p_- = \frac{2 o_j (C \sinh h v_j - \cosh h v_j \, H)}{N(h) N(-h)},

where :math:`C = \sum o_k \cosh h v_k` and :math:`H = \sum o_k \sinh h v_k`, so that :math:`N(\pm
h) = C \pm H`. A class that has more than half of the sum uses the share of the others, :math:`1 -
o_j(r)`, with -s. Then both differences change their sign, and y is of the same form.

The step is tiny: with w the largest size of v, h w = k. So each :math:`\cosh h v_k` is one, and
each :math:`\sinh h v_k` is h v_k, up to a part of k^2. C is one up to k^2, and H is ``h m``, with m
the mean ``sum_k o_k v_k``, up to ``h k^2 sum_k |o_k v_k|``. So :math:`C \sinh h v_j - \cosh h v_j
\, H` is ``h (v_j - m)``, with v_j and m up to a part of 4 k^2 each, and m up to 4 k^2 of that sum
of sizes, which is at most w times the share of the classes whose v is not zero. And N(h) N(-h) is
one up to 4 k^2. The shares in the denominators of y are from 0 to 1, so one ball holds them all,
and a class costs one logarithm.

A number that is added to all v changes nothing. So v counts from that of the largest logit. With w
the largest size of these, :math:`R = 1 / 4 w` and S = 1/4, the terms of N are within :math:`c =
e^{1/4} - 1` of the o_k, so :math:`|o_j(r)| \le o_j (1 + c) / (1 - c)`, and psi is analytic in o_j
too. It is zero at o_j = 0, so Schwarz's lemma gives M as o_j times one bound for all classes.

Examples
--------
>>> from gradcert_oracle import BINARY64, enclose, question
>>> asked = question("hvp", (0.0, 0.0), (0.5, 1.5), (1.0, 0.0), format=BINARY64)
>>> [float(slope) for slope in enclose(asked)]
[0.5, -0.5]
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from flint import acb, arb, ctx

from gradcert_oracle import textbook
from gradcert_oracle.batches import Batch
from gradcert_oracle.definitions import Shares, shares
from gradcert_oracle.differences import analytic_log1p
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.quantities.softmax_backward import (
    SOFTMAX_BACKWARD,
    reach_at_least,
    reference_of,
    seen,
    seen_in,
    sizes_at_least,
    textbook_of,
)
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import check_logits, check_masked_targets, check_vector
from gradcert_oracle.screens import Reference, Screen, textbook_at_most
from gradcert_oracle.sums import float_sum, of_both_signs
from gradcert_oracle.textbook import Arithmetic, Values
from gradcert_oracle.textbook_radii import Rounding
from gradcert_oracle.wider import Array

__all__ = ["HESSIAN_VECTOR_PRODUCT"]


_RADIUS = 1 / 4
"""The radius S, and the largest size of ``r v_k`` on the disc of r."""


def _remainder(step: arb, width: arb) -> arb:
    """Return a ball around zero: the theorem's remainder for a share of one and v up to a width."""
    change = arb(_RADIUS).expm1()
    side = arb(0, (change * (1 + change) / (1 - change)).upper())
    bound = analytic_log1p(acb(side, side)).abs_upper()
    q = (step / _RADIUS) ** 2
    both = q * (2 - q) / (1 - q) ** 2
    return arb(0, (bound * width / _RADIUS**2 * both).upper())


def _slopes(
    whole: Shares, v: Sequence[float], counts: Sequence[int], places: Sequence[int]
) -> list[arb]:
    """Enclose the mixed derivative of psi for the classes at these places."""
    if len(set(v)) == 1:  # Then psi does not depend on r.
        return [arb(0)] * len(places)
    own, first, dominant, others = whole.own, arb(v[whole.top]), whole.dominant, whole.others
    moved = [x - first for x in v]
    width = arb(max(map(arb.abs_upper, moved)))
    step = arb((1, -ctx.prec))
    ahead, behind = step.expm1(), (-step).expm1()
    terms = zip(own, moved, counts, strict=True)
    mean = sum([o * x if n == 1 else o * x * n for o, x, n in terms], arb(0))
    off = 4 * step**2
    near, share = arb(1, off.upper()), arb(0.5, 0.5)
    mean = mean * near + arb(0, (off * others * width).upper())
    ends = (1 + share * ahead) * (1 + share * behind) * near
    factor, inverse = 2 * step / width * (ahead - behind) / ends, width / (4 * step**2)
    remainder = _remainder(step, width)
    slopes = []
    for j in places:
        slope = (own[j] * (moved[j] * near - mean) * factor).log1p() * inverse
        slopes.append(slope + (others if j == dominant else own[j]) * remainder)
    return slopes


def _enclose(question: Question, guard: int) -> Enclosures:
    z, t, v = question["logits"], question["targets"], question["v"]
    check_logits(z, masked=True)
    check_masked_targets(t, z)
    check_vector(v, z)
    kinds = question.kinds
    logits, numbers = [z[j] for j in kinds], [v[j] for j in kinds]
    counts = list(Counter(question.equal).values())
    targets = Counter(t)

    def evaluate(places: Sequence[int]) -> list[arb]:
        total = sum((arb(target) * count for target, count in targets.items()), arb(0))
        slopes = _slopes(shares(logits, counts), numbers, counts, places)
        return [total * slope for slope in slopes]

    balls = refine(evaluate, len(logits), question.format, guard)
    return question.of_each(balls)


def _textbook(
    question: Question, places: Sequence[int], level: str, arithmetic: Arithmetic
) -> Values:
    """Return ``T o_j (v_j - m)``, with ``m = sum_k o_k v_k``.

    T may come first or last, so its product with each term is rounded once more. What underflows
    before T multiplies it counts as lost. Where T multiplies a share first, what underflows is
    multiplied by v, which may be huge where T is tiny. So it is part of the ball. Targets that are
    all zero lose nothing.
    """
    o = textbook.softmax(question["logits"], level, arithmetic)
    found, reaches = textbook_of(o, seen(question), places, arithmetic)
    targets = list(map(arb, question["targets"]))
    (total, _), (size, _) = of_both_signs(arithmetic.total, targets)
    pairs = zip(found.plain, reaches, strict=True)
    lost = arithmetic.lost if any(question["targets"]) else arb(0)
    plain = [value * total + lost * reach for value, reach in pairs]
    flushed = (found.lost + arithmetic.lost.rad()) * size
    return Values(plain, {}, [2 * one * size for one in found.sizes], flushed.upper())


def _scale(question: Question) -> float:
    """Return ``sum_k |t_k|`` times the scale of v times the Jacobian."""
    total = float_sum(map(abs, question["targets"]))
    return total * SOFTMAX_BACKWARD.scale(question)


def _reference(batch: Batch) -> Reference:
    """Return ``T x_j``, with x the backward of softmax.

    T is known to less than :attr:`Batch.error <gradcert_oracle.batches.Batch.error>` beside the sum
    W of the sizes, and one product is rounded. The error of x_j is at least three times that of its
    sizes. So twice the error of x_j, times W, is more.
    """
    wider, targets = batch.arithmetic, batch.targets
    found = reference_of(batch)
    values = wider.product(wider.normal(found.values), targets.total.per_row())
    error = 2 * found.error * targets.sizes[:, None] + found.lost[:, None]
    return Reference(values, error, found.scale * targets.sizes, found.lost)


def _budget_at_least(batch: Batch, rounding: Rounding) -> Array:
    """Return ``|T|`` times the reach of x_j, and two roundings of ``W (o_j (|v_j| + M) + |x_j|)``.

    The ball of T contains T, so the radius of ``T x_j`` is at least ``|T|`` times that of x_j; see
    :func:`~gradcert_oracle.quantities.softmax_backward.reach_at_least`. The sizes charge both
    roundings.
    """
    # T is known beside the sizes. Where they cancel, little may be known of it.
    sizes = batch.targets.sizes
    total = np.maximum(np.abs(batch.targets.total.head) - 2 * batch.error * sizes, 0)
    own = rounding.unit * sizes_at_least(batch, rounding)
    bound: Array = 2 * sizes[:, None] * own + total[:, None] * reach_at_least(batch, rounding)
    return bound


def _budget_at_most(batch: Batch, rounding: Rounding) -> Array:
    """Return a part of the scale that no budget exceeds, but for underflow.

    What T times a share loses to underflow is multiplied by at most ``(2 + o_j n) max |v_k|``, and
    the scale is W times twice the largest share times that v. No share is larger than one, and the
    largest is at least 1/n. The sum T has the radius ``D w W``, or less.
    """
    sizes = batch.targets.sizes
    lost = 2 * batch.classes * rounding.lost / np.where(sizes == 0, np.inf, sizes)
    depth = (batch.classes - 1).bit_length()
    most: Array = 1.1 * textbook_at_most(batch, rounding) + lost + 4 * (depth + 2) * rounding.unit
    return most


HESSIAN_VECTOR_PRODUCT = Quantity(
    name="hvp",
    arguments=("logits", "targets", "v"),
    enclose=_enclose,
    textbook=_textbook,
    scale=_scale,
    masked_v=True,
    screen=Screen(
        reference=_reference,
        budget_at_least=_budget_at_least,
        budget_at_most=_budget_at_most,
        arguments=seen_in,
    ),
)
