r"""The screen of a loss with options and of rows with shares: what it takes beside the plain one.

A value is ``f`` times that of a loss with the targets :math:`a_k = w_k (\kappa t_k + \gamma)`, the
rescaled logits u and ``q L^2`` for a z-loss, where f is ``M g s / D``, or ``M / D`` for a loss, and
q is ``zeta D / D_z``. So the screen of that loss answers, and all that it says is multiplied by
``|f|``. What rescaled logits change is in :mod:`~gradcert_oracle.rescaled_logits`, and what a
z-loss adds in the screens of the quantities.

*The reference.* In the wider arithmetic a_k has an error of at most four units, because its two
terms have one sign: a constant, a product, the sum and the weight are rounded. f is rounded once,
and so is the product with it. On a value all this has an effect of at most six units of the sizes
of its terms, and a little. The error of every reference is at least two units of these sizes.
So five times that error, times ``|f|``, is a bound.

*The lower bound of the budgets.* The textbook's balls of f and a_k contain the true f and a_k. A
product of balls is no narrower than one of its factors times any point of the other, and a ball of
a size is no smaller than the size. So each term of such a bound, times ``|f|``, remains one. The
balls of the factors of f and ``f q`` are computed once for all rows, as the textbook has them, and
the relative radius of a product is at least the sum of theirs. The balls of the smoothing are
computed by the textbook's own functions. All these radii count in each term that they multiply. Of
these 0.999 is left, because a product of balls that are narrow on both sides may be narrower by the
product of both radii.

*The crude upper bound.* With w = 4 u as in :mod:`~gradcert_oracle.screens`: the ball of f has four
factors, and that of ``f q`` five, and that of :math:`\gamma` one, each rounded and charged a
rounding, 2 w together with its product. Where :math:`\kappa \ge 1/2`, that of :math:`\kappa` is
off by no more beside itself, and a_k by 5 w. The sum A adds 5 w of W, and so does the sum of the
others. So a term is off by at most 24 w more, and each form has two: 512 u is more than enough.
What a_k loses to underflow is no more than that if the smoothing is at least 2^-20. The rounding
of weights that are no numbers of the format may be much more. It is one part of each a_k, and of
``f q``, so of both terms together at most that part of the scale. 2.2 of it covers the rest.

Those weights are exact here, so the reference does not change. Their balls contain both ends of
``a_k (1 +- v)`` and of the sum of all a_k in the same way, so the ends of a term move together with
those of its share.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from math import inf

import numpy as np
from flint import arb, ctx

from gradcert_oracle.batches import Batch, Widths
from gradcert_oracle.effective_targets import exactly, smoothing, weighed
from gradcert_oracle.formats import Format
from gradcert_oracle.losses import PLAIN_SHARE, Loss, Share
from gradcert_oracle.rescaled_logits import Rescaling
from gradcert_oracle.screens import Reference, Screen
from gradcert_oracle.textbook import rounding
from gradcert_oracle.textbook_radii import Rounding
from gradcert_oracle.wider import Array, Pair, Wider

__all__ = [
    "effective_pairs",
    "multiplied",
    "screenable",
    "summed",
    "target_radii",
    "with_shares",
]

_LEAST_SMOOTHING = 2.0**-20

_MOST_RESCALED = 2.0**20
"""Losses whose scale or softcap is larger, or smaller than its inverse, are left to the judge."""

_LARGEST = 2.0**900
"""A factor that is larger is huge. Where one is below the inverse, the judge sees the row."""

_LARGEST_FACTOR = 2.0**1020
"""So are rows with a factor that is larger than this."""


def screenable(loss: Loss, classes: int) -> bool:
    """Return whether there is a screen for the loss.

    Examples
    --------
    >>> screenable(Loss(label_smoothing=0.1), 10), screenable(Loss(label_smoothing=0.9), 10)
    (True, False)
    """
    ordinary = all(
        1 / _MOST_RESCALED <= size <= _MOST_RESCALED
        for size in (loss.logit_scale, loss.softcap)
        if size < inf
    )
    if not ordinary or not loss.label_smoothing:
        return ordinary
    return loss.label_smoothing >= _LEAST_SMOOTHING and smoothing(loss, classes).kept >= 0.5


def _pair(number: Fraction) -> tuple[float, float]:
    """Return a number rounded to binary64, and the error of that, rounded too."""
    head = float(number)
    return head, float(number - Fraction(head))


def effective_pairs(loss: Loss, wider: Wider, t: Array) -> Pair:
    """Return the a_k of each row; NaN where smoothing meets a negative target."""
    numbers = wider.number(t)

    def constant(number: Fraction) -> Pair:
        head, tail = _pair(number)
        return Pair(np.full((1, 1), head), np.full((1, 1), tail) if wider.paired else 0.0)

    if loss.label_smoothing:
        smooth = smoothing(loss, t.shape[1])
        numbers = wider.number(np.where(t < 0, np.nan, t))
        numbers = wider.product(numbers, constant(smooth.kept))
        numbers = wider.plus(numbers, constant(smooth.given))
    if loss.class_weights is not None:
        numbers = wider.product(numbers, wider.number(np.array([loss.class_weights])))
    return numbers


def _each(shares: Sequence[Share], number: Callable[[Share], Fraction], largest: float) -> Pair:
    """Return a number of each share; NaN where it is zero or of an extreme size."""
    found = [number(share) if share.kept else Fraction(0) for share in shares]
    extreme = [not 1 / Fraction(_LARGEST) <= abs(one) <= Fraction(largest) for one in found]
    known = [(np.nan, np.nan) if far else _pair(x) for x, far in zip(found, extreme, strict=True)]
    heads, tails = np.array(known).T.copy()
    return Pair(heads, tails)


def _widths(loss: Loss, shares: Sequence[Share], wider: Wider, *, upstream: bool) -> Widths:
    """Return how wide the textbook's balls of the factors of each share are, beside their size."""
    scaled = [Fraction(loss.multiplier), Fraction(loss.logit_scale) if upstream else Fraction(1)]
    zeta = Fraction(loss.z_loss) * (2 if upstream else 1)

    @functools.cache
    def width(*numbers: Fraction) -> float:
        if 0 in numbers:
            return 0.0
        with ctx.workprec(wider.serves):
            # The textbook may multiply in another order, and no product of balls is narrower.
            balls = [exactly(number) * rounding() for number in (*numbers, *scaled) if number != 1]
            return sum(float((ball.rad() / abs(ball).upper()).lower()) for ball in balls)

    kept = [share if share.kept else PLAIN_SHARE for share in shares]
    return Widths(
        np.array([width(1 / share.divisor) for share in kept]),
        np.array([width(1 / share.z_divisor, zeta) for share in kept]),
    )


def with_shares(batch: Batch, loss: Loss, shares: Sequence[Share], *, upstream: bool) -> Batch:
    """Return a batch with what multiplies its values and with its z-loss.

    The factors are ``M g s / D`` for a gradient, and ``M / D`` for a loss. The z-loss has ``2 zeta
    D / D_z`` beside them, or half of that. Rows where one is of an extreme size have NaN.
    """
    places: dict[Share, int] = {}
    rows = np.array([places.setdefault(share, len(places)) for share in shares])
    unlike, wider = list(places), batch.arithmetic
    front = Fraction(loss.multiplier) * (Fraction(loss.logit_scale) if upstream else 1)
    zeta = Fraction(loss.z_loss) * (2 if upstream else 1)

    def factor_of(share: Share) -> Fraction:
        return front * (Fraction(share.upstream) if upstream else 1) / share.divisor

    def square_of(share: Share) -> Fraction:
        return zeta * share.divisor / share.z_divisor

    def of_rows(numbers: Pair) -> Pair:
        each = numbers.of(rows)
        return each if wider.paired else Pair(each.head)

    return replace(
        batch,
        factors=of_rows(_each(unlike, factor_of, _LARGEST_FACTOR)),
        squares=of_rows(_each(unlike, square_of, _LARGEST)) if zeta else None,
        widths=_widths(loss, unlike, wider, upstream=upstream).of(rows),
        rescaling=Rescaling(loss.logit_scale, loss.softcap) if loss.rescales else None,
    )


def target_radii(loss: Loss, format: Format, wider: Wider, t: Array) -> Array | None:
    """Return lower bounds of the radii of the textbook's balls of the a_k; None for zeros.

    They are those of the smoothing, and the rounding of weights that are no numbers of the format.
    """
    share = weighed(loss, format)
    if not loss.label_smoothing and not share:
        return None
    smooth = smoothing(loss, t.shape[1])
    with ctx.workprec(wider.serves):
        rounded = smooth.rounded(arb(0))
    kept = float(rounded.kept.rad()) + share * float(smooth.kept)
    radii: Array = kept * np.abs(t) + (float(rounded.given.rad()) + share * float(smooth.given))
    return radii if loss.class_weights is None else radii * np.abs([loss.class_weights])


def multiplied(screen: Screen) -> Screen:
    """Return the screen of values that are multiplied by the factors of their rows."""

    def size(batch: Batch, like: Array) -> Array:
        assert batch.factors is not None
        heads: Array = np.abs(batch.factors.head)
        return heads if like.ndim == 1 else heads[:, None]

    def reference(batch: Batch) -> Reference:
        assert batch.factors is not None
        plain, wider = screen.reference(batch), batch.arithmetic
        flat = plain.values.head.ndim == 1
        normal = wider.normal(plain.values)
        row = np.abs(batch.factors.head)
        # A product with a huge number overflows in its parts.
        power = np.where(row > _LARGEST, 2.0**-200, 1.0)
        front, back = batch.factors.times(power), 1 / power
        if not flat:
            front, back = front.per_row(), back[:, None]
        values = wider.product(normal, front).times(back)
        # What the a_k and the products may lose to underflow.
        lost = (plain.lost + batch.classes * 2.0**-1060) * row + 2.0**-1060 / power
        error = 5 * plain.error * size(batch, plain.error)
        error = error + (lost if flat else lost[:, None])
        return Reference(values, error, plain.scale * row, lost)

    def budget_at_least(batch: Batch, rounding: Rounding) -> Array:
        bound = screen.budget_at_least(batch, rounding)
        return bound * size(batch, bound)

    def budget_at_most(batch: Batch, rounding: Rounding) -> Array:
        most = screen.budget_at_most(batch, rounding) + 512 * rounding.unit
        if "radii" not in batch.arguments:
            return most
        bound: Array = most + 2.2 * batch.target_radii / batch.targets.sizes
        return bound

    return Screen(
        reference=reference, budget_at_least=budget_at_least, budget_at_most=budget_at_most
    )


def summed(screen: Screen) -> Screen:
    """Return the screen of the sum of the values of all rows of a batch, which is one value.

    The textbook adds the balls of the values. The radii of the terms of a sum add up, whatever
    their signs. The sizes of the rows are charged, one rounding of each value, and one of the sum.
    Each radius is at most a part of the scale of its row, and the scale of the sum is that of the
    rows together. The sum rounds by at most 4.4 u of the sizes of the values for each of its ``D =
    ceil(log2 rows)`` levels. The sizes charge 2 u more.
    """

    def reference(batch: Batch) -> Reference:
        found, wider = screen.reference(batch), batch.arithmetic
        values = wider.normal(found.values)
        whole = wider.balance(values.of(None))
        rounded = wider.total_error(len(values.head)) + 3 * wider.unit
        lost = found.lost.sum(keepdims=True)
        error = 1.01 * (found.error.sum(keepdims=True) + rounded * whole.sizes)
        return Reference(whole.total, error, found.scale.sum(keepdims=True), lost)

    def budget_at_least(batch: Batch, rounding: Rounding) -> Array:
        values = screen.reference(batch).values.head
        sizes = np.abs(values).sum(keepdims=True) + np.abs(values.sum(keepdims=True))
        bound: Array = screen.budget_at_least(batch, rounding).sum(keepdims=True)
        bound += rounding.unit * sizes
        return bound

    def budget_at_most(batch: Batch, rounding: Rounding) -> Array:
        most = screen.budget_at_most(batch, rounding)
        depth = (len(most) - 1).bit_length()
        bound: Array = most.max(keepdims=True) + (4.4 * depth + 4) * rounding.unit
        return bound

    return Screen(
        reference=reference, budget_at_least=budget_at_least, budget_at_most=budget_at_most
    )
