r"""What textbook algorithms compute of a loss with options, in balls at the working precision.

A kernel holds each number that it is given, such as a smoothing, a factor or a divisor, in the
format of its intermediates. So each of them is charged one rounding. The upstream gradient and the
class weights are numbers of the format itself.

What an operation may lose to underflow is multiplied by the factors that come after it. A kernel
may have them in any order: it may divide by D first and multiply by the upstream gradient last. So
the loss is multiplied by every factor that is larger than one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf, log, tanh

from flint import arb

from gradcert_oracle.definitions import relative_mass
from gradcert_oracle.effective_targets import exactly
from gradcert_oracle.losses import Loss
from gradcert_oracle.rows import Row, has_both_signs
from gradcert_oracle.sums import of_both_signs
from gradcert_oracle.textbook import Arithmetic, capped, rounding

__all__ = ["Factor", "Rescaled", "factor", "rescaled", "steepness", "stored_before", "sum_of"]


def sum_of(terms: Sequence[arb], arithmetic: Arithmetic) -> arb:
    """Return the sum of terms of any sign."""
    if not terms:
        return arb(0)
    if has_both_signs(tuple(map(float, terms))):
        return of_both_signs(arithmetic.total, terms)[0][0]
    return arithmetic.total(terms, ())[0]


@dataclass(frozen=True)
class Factor:
    """A product of the factors of a loss.

    Attributes
    ----------
    value
        The product, as wide as the rounding of the factors makes it.
    lost
        What an operation before, between or after them may lose to underflow.
    """

    value: arb
    lost: arb


def factor(upstream: float, numbers: Sequence[Fraction], lost: arb) -> Factor:
    """Return the product of an upstream gradient and the numbers of a loss, each rounded once.

    Examples
    --------
    >>> print(factor(3.0, [Fraction(1), Fraction(1, 2)], arb(0)).value)
    [1.50000000000000 +/- 1.67e-16]
    """
    value, most = arb(upstream), max(Fraction(1), abs(Fraction(upstream)))
    for number in (number for number in numbers if number != 1):
        value *= exactly(number) * rounding()
        most *= max(Fraction(1), abs(number))
    return Factor(value, exactly(most) * lost.rad())


def stored_before(upstream: float, arithmetic: Arithmetic) -> float:
    """Return what a gradient may lose that is stored before the upstream gradient multiplies it."""
    return arithmetic.flushed * abs(upstream) if abs(upstream) > 1 else 0.0


def steepness(loss: Loss, z: Sequence[float], points: Sequence[arb], lost: arb) -> list[arb]:
    """Return ``1 - tanh^2(s z_k / c)``, as wide as the widest of its equally good forms.

    These are ``(1 - t)(1 + t)`` and ``1 - t^2``, where t may be had from the capped logit c t, and
    ``1 / cosh^2``. Where a logit is far too large for the last one, it is left out.
    """
    inverse, forms = 1 / (arb(loss.softcap) * rounding()), []
    for x, u in zip(capped(loss, z, lost), points, strict=True):
        t, secant = u * inverse, 1 / x.cosh()
        first, second, third = (1 - t) * (1 + t), 1 - t * t, secant * secant
        widest = max(form.rad() for form in (first, second, third) if form.is_finite())
        forms.append(arb(first.mid(), widest) + lost)
    return forms


@dataclass(frozen=True)
class Rescaled:
    """The rescaled logits of a row in binary64, where rough sizes are enough.

    Attributes
    ----------
    points
        u_k.
    largest
        The largest of them.
    mass
        ``sum_k exp(u_k - max u)``.
    """

    points: list[float]
    largest: float
    mass: float

    @property
    def log_sum(self) -> float:
        """L."""
        return self.largest + log(self.mass)


def rescaled(loss: Loss, z: Row) -> Rescaled:
    """Return the rescaled logits of a row in binary64.

    Examples
    --------
    >>> rescaled(Loss(logit_scale=2.0), (3.0, 3.0))
    Rescaled(points=[6.0, 6.0], largest=6.0, mass=2.0)
    """
    points = [x * loss.logit_scale for x in z]
    if loss.softcap < inf:
        points = [loss.softcap * tanh(x / loss.softcap) for x in points]
    return Rescaled(points, max(points), relative_mass(points))
