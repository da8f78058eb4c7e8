"""The targets that a loss makes of those it is given: ``a_k = w_k ((1 - e') t_k + e' / K)``.

They are exact fractions, which the enclosures use in balls, a textbook with roundings, and the
scale in binary64.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf

import numpy as np
from flint import arb

from gradcert_oracle.formats import Format
from gradcert_oracle.losses import Loss, SmoothingOver
from gradcert_oracle.rows import Row, check_logits, check_targets, has_both_signs, lookup
from gradcert_oracle.sums import of_both_signs
from gradcert_oracle.textbook import Arithmetic, rounding

__all__ = [
    "Masses",
    "RoundedSmoothing",
    "Smoothing",
    "check_row",
    "effective",
    "effective_sizes",
    "exactly",
    "masses",
    "smoothing",
    "weighed",
    "weights_of",
]


def exactly(number: Fraction) -> arb:
    """Return a ball of a fraction, at the working precision."""
    return arb(number.numerator) / number.denominator


def weights_of(loss: Loss, classes: int) -> Row:
    """Return the weight of each class."""
    return (1.0,) * classes if loss.class_weights is None else loss.class_weights


@dataclass(frozen=True, slots=True)
class Smoothing:
    """Label smoothing: a class with target t and weight w has ``a = w (kept t + given)``.

    Attributes
    ----------
    kept
        ``1 - e'``.
    given
        ``e' / K``.
    """

    kept: Fraction
    given: Fraction

    def rounded(self, lost: arb) -> "RoundedSmoothing":
        """Return both as a textbook has them at the working precision."""
        share = exactly(1 - self.kept) * rounding()  # 1 - e' is as far off as e' is.
        return RoundedSmoothing(1 - share, exactly(self.given) * rounding() + lost)


@dataclass(frozen=True, slots=True)
class RoundedSmoothing:
    """What a textbook has for a :class:`Smoothing`, in balls."""

    kept: arb
    given: arb


def smoothing(loss: Loss, classes: int) -> Smoothing:
    """Return the smoothing of the targets of a row.

    Raises
    ------
    ValueError
        If a share is to be given to other classes, and there are none.

    Examples
    --------
    >>> smoothing(Loss(label_smoothing=0.25, smoothing_over="others"), 3)
    Smoothing(kept=Fraction(5, 8), given=Fraction(1, 8))
    """
    share = Fraction(loss.label_smoothing)
    if share and loss.smoothing_over == SmoothingOver.OTHERS:
        if classes < 2:
            raise ValueError("smoothing_over 'others' needs at least two classes, not 1")
        share *= Fraction(classes, classes - 1)
    return Smoothing(1 - share, share / classes)


def check_row(loss: Loss, z: Row, t: Row) -> None:
    """Raise ValueError unless every class with a target, after smoothing, has a finite logit.

    With a softcap every logit is finite.
    """
    check_logits(z, masked=loss.softcap == inf)
    check_targets(t, z, "logits")
    smoothing(loss, len(z))
    if min(z) > -inf:
        return
    rows = zip(z, t, weights_of(loss, len(z)), strict=True)
    if any(x == -inf and w and (target or loss.label_smoothing) for x, target, w in rows):
        smoothed = ", which label smoothing leaves to none" if loss.label_smoothing else ""
        raise ValueError(f"a logit of -inf needs a target of zero{smoothed}")


def weighed(loss: Loss, format: Format) -> float:
    """Return what the weights of a loss cost that are no numbers of the format, beside a term.

    The loss has the weights as they are given. A kernel in a format of 16 bits may have them in
    that format or in binary32, and both are right. So each weight is charged one rounding to the
    format, and the sum of the weights, which a mean may divide by, another one. Nothing is charged
    where all weights are numbers of the format.

    Examples
    --------
    >>> from gradcert_oracle import BFLOAT16, BINARY64
    >>> loss = Loss(class_weights=(0.1, 1.0))
    >>> weighed(loss, BFLOAT16) * 2**8, weighed(loss, BINARY64)
    (2.0, 0.0)
    """
    if loss.class_weights is None:
        return 0.0
    weights = np.array(loss.class_weights)
    with np.errstate(over="ignore"):
        rounded = weights.astype(format.dtype).astype(np.float64)
    return 0.0 if (rounded == weights).all() else 2 * 2.0**-format.precision


def effective(loss: Loss, t: Row, lost: arb, weighed: arb) -> list[arb]:
    """Return ``a_k = w_k (kept t_k + given)``; it is exactly zero where the definition's is.

    Each is multiplied by a ball around one, see :func:`weighed`.

    Examples
    --------
    >>> print(effective(Loss(class_weights=(2.0, 0.0)), (1.0, 0.0), arb(0), arb(1)))
    [2.00000000000000, 0]
    """
    kept, given = arb(1), arb(0)
    if loss.label_smoothing:
        smooth = smoothing(loss, len(t)).rounded(lost)
        kept, given = smooth.kept, smooth.given
    pairs = list(zip(t, weights_of(loss, len(t)), strict=True))
    distinct = dict.fromkeys(pairs)
    return lookup(distinct, [(kept * x + given) * w * weighed for x, w in distinct], pairs)


def effective_sizes(loss: Loss, t: Row) -> list[float]:
    """Return ``|a_k|`` in binary64, where a rough size is enough."""
    smooth = smoothing(loss, len(t))
    kept, given = float(smooth.kept), float(smooth.given)
    pairs = zip(t, weights_of(loss, len(t)), strict=True)
    return [abs((kept * x + given) * w) for x, w in pairs]


@dataclass(frozen=True)
class Masses:
    """The sum of all a_k, as an algorithm computes it.

    Attributes
    ----------
    total
        A.
    others
        For some classes the sum of all others.
    sizes
        The sum of all ``|a_k|``.
    """

    total: arb
    others: list[arb]
    sizes: arb


def masses(targets: Sequence[arb], wanted: Sequence[int], arithmetic: Arithmetic) -> Masses:
    """Return the sums of the a_k, and of all others than each of the `wanted` classes."""
    some = [a for a in targets if not a.is_zero()]
    if len(some) <= 1:  # The sum of one number and zeros is exact in any order.
        total = sum(some, arb(0))
        others = [arb(0) if not targets[j].is_zero() else total for j in wanted]
        return Masses(total, others, abs(total))
    if has_both_signs(tuple(map(float, some))):
        (total, others), (sizes, _) = of_both_signs(arithmetic.total, targets, wanted)
        return Masses(total, others, sizes)
    total, others = arithmetic.total(targets, wanted)
    return Masses(total, others, abs(total))
