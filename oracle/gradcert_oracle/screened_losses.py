r"""The screen of a loss with options and of rows with shares: what it takes beside the plain one.

A value is ``f`` times that of the plain loss with the targets :math:`a_k = w_k (\kappa t_k +
\gamma)`, where f is ``M g / D``, or ``M / D`` for a loss. So the plain screen answers for the
targets a_k, and all that it says is multiplied by ``|f|``.

*The reference.* In the wider arithmetic a_k has an error of at most four units, because its two
terms have one sign: a constant, a product, the sum and the weight are rounded. f is rounded once,
and so is the product with it. On a value all this has an effect of at most six units of the sizes
of its terms, and a little. The error of every plain reference is at least two units of these sizes.
So five times that error, times ``|f|``, is a bound.

*The lower bound of the budgets.* The textbook's balls of f and a_k contain the true f and a_k. A
product of balls is no narrower than one of its factors times any point of the other, and a ball of
a size is no smaller than the size. So each term of a plain bound, times ``|f|``, remains one.

*The crude upper bound.* With w = 4 u as in :mod:`~gradcert_oracle.screens`: the ball of f has three
factors and that of :math:`\gamma` one, each rounded and charged a rounding, 2 w together with its
product. Where :math:`\kappa \ge 1/2`, that of :math:`\kappa` is off by no more beside itself, and
a_k by 5 w. The sum A adds 5 w of W, and so does the sum of the others. So a term is off by at most
20 w more, and each form has two: 256 u is more than enough. What a_k loses to underflow is no more
than that if the smoothing is at least 2^-20.

Scaled and capped logits and the z-loss have no screen.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from gradcert_oracle.batches import Batch, Rounding
from gradcert_oracle.effective_targets import smoothing
from gradcert_oracle.losses import Loss, Share
from gradcert_oracle.screens import Reference, Screen
from gradcert_oracle.wider import Array, Pair, Wider

__all__ = ["effective_pairs", "factors", "multiplied", "screenable"]

_LEAST_SMOOTHING = 2.0**-20

_LARGEST = 2.0**900
"""Rows with a factor that is larger, or smaller than its inverse, are left to the judge."""


def screenable(loss: Loss, classes: int) -> bool:
    """Return whether there is a screen for the loss.

    Examples
    --------
    >>> screenable(Loss(label_smoothing=0.1), 10), screenable(Loss(softcap=30.0), 10)
    (True, False)
    """
    if loss.rescales or loss.z_loss:
        return False
    if not loss.label_smoothing:
        return True
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


def factors(loss: Loss, shares: Sequence[Share], wider: Wider, *, upstream: bool) -> Pair:
    """Return ``M g / D`` of each row, or ``M / D``; NaN where it is zero or of an extreme size."""
    known: dict[Share, tuple[float, float]] = {}
    for share in set(shares):
        number = Fraction(loss.multiplier) * Fraction(share.upstream if upstream else 1.0)
        number = number / share.divisor if share.kept else Fraction(0)
        extreme = not 1 / Fraction(_LARGEST) <= abs(number) <= Fraction(_LARGEST)
        known[share] = (np.nan, np.nan) if extreme else _pair(number)
    heads, tails = np.array([known[share] for share in shares]).T
    return Pair(heads, np.ascontiguousarray(tails) if wider.paired else 0.0)


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
        values = wider.product(normal, batch.factors if flat else batch.factors.per_row())
        row = np.abs(batch.factors.head)
        # What the a_k and the products may lose to underflow.
        lost = (plain.lost + batch.classes * 2.0**-1060) * row + 2.0**-1060
        error = 5 * plain.error * size(batch, plain.error)
        error = error + (lost if flat else lost[:, None])
        return Reference(values, error, plain.scale * row, lost)

    def budget_at_least(batch: Batch, rounding: Rounding) -> Array:
        bound = screen.budget_at_least(batch, rounding)
        return bound * size(batch, bound)

    def budget_at_most(batch: Batch, rounding: Rounding) -> Array:
        return screen.budget_at_most(batch, rounding) + 256 * rounding.unit

    return Screen(
        reference=reference, budget_at_least=budget_at_least, budget_at_most=budget_at_most
    )
