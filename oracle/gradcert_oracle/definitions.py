r"""Softmax and cross-entropy as the textbook writes them, over real or complex balls.

For logits z and targets t over n classes:

.. math::
   o_j = \frac{e^{z_j}}{\sum_k e^{z_k}}, \qquad
   E(o, t) = -\sum_j t_j \ln o_j .

The oracle steps along one coordinate at a time, and a step along :math:`z_j` changes one term of
the sum. With the rest :math:`R_j = \sum_{k \ne j} e^{z_k}` and the odds :math:`v_j = e^{z_j} /
R_j`, the definition itself reads

.. math::
   o_j(s) &= \frac{v_j e^s}{1 + v_j e^s}, \qquad
   o_i(s) = \frac{e^{z_i}}{R_j} \frac{1}{1 + v_j e^s} \quad (i \ne j), \\
   E(s) &= T \ln(1 + v_j e^s) - t_j s + \text{const}, \qquad T = \sum_i t_i .

No rule of calculus is used, only :math:`\ln(ab) = \ln a + \ln b`. What does not depend on s is left
out, for it leaves every difference. Each has a mirror image in :math:`w_j = 1 / v_j`, equal to it
but for a constant; taking the one whose odds are at most one keeps every term small where the
derivative is small, so that nothing cancels at saturated coordinates. Tests hold these against the
plain definitions below, at real and complex points.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb

from gradcert_oracle.differences import Scalar, analytic_log, analytic_log1p
from gradcert_oracle.sums import pairwise

__all__ = [
    "Coordinate",
    "Step",
    "coordinates",
    "cross_entropy",
    "exponentials",
    "log_sum_exp",
    "softmax",
]


def _sum(terms: Sequence[Scalar]) -> Scalar:
    total: Scalar = arb(0)
    for term in terms:
        total = total + term
    return total


def softmax(z: Sequence[Scalar]) -> list[Scalar]:
    """Return ``o_j = exp(z_j) / sum_k exp(z_k)``.

    Examples
    --------
    >>> print(softmax([arb(0), arb(0)]))
    [0.500000000000000, 0.500000000000000]
    """
    powers = [x.exp() for x in z]
    total = _sum(powers)
    return [power / total for power in powers]


def log_sum_exp(z: Sequence[Scalar]) -> Scalar:
    """Return ``ln sum_k exp(z_k)``."""
    return analytic_log(_sum([x.exp() for x in z]))


def cross_entropy(o: Sequence[Scalar], t: Sequence[arb]) -> Scalar:
    """Return ``E = -sum_j t_j ln o_j``, where a term with ``t_j = 0`` is zero whatever its `o_j`.

    Examples
    --------
    >>> print(cross_entropy(softmax([arb(0), arb(0)]), [arb(1), arb(0)]))
    [0.693147180559945 +/- 4.12e-16]
    """
    return -_sum([t_j * analytic_log(o_j) for o_j, t_j in zip(o, t, strict=True) if t_j != 0])


def exponentials(z: Sequence[float]) -> list[arb]:
    """Return ``exp(z_k - max z)``: a common factor that every quotient of them is free of."""
    largest = max(z)
    return [(arb(x) - largest).exp() if x > -float("inf") else arb(0) for x in z]


@dataclass(frozen=True, slots=True)
class Step:
    """A step s along one logit, real or complex, with ``growth = exp(s)``, ``decay = exp(-s)``."""

    s: Scalar
    growth: Scalar
    decay: Scalar

    @classmethod
    def of(cls, s: Scalar) -> "Step":
        """Return the step `s`."""
        return cls(s, s.exp(), (-s).exp())


@dataclass(frozen=True, slots=True)
class Coordinate:
    """The definition along one logit z_j, everything that does not depend on the step left out.

    Attributes
    ----------
    odds
        ``v_j`` or, where class j dominates, its reciprocal ``w_j``: at most about one.
    dominates
        Whether class j outweighs all others together.
    weight
        The larger of ``exp(z_j)`` and ``R_j``, which the odds are relative to.
    """

    odds: arb
    dominates: bool
    weight: arb

    def _moved(self, step: Step) -> Scalar:
        return self.odds * (step.decay if self.dominates else step.growth)

    def loss(self, step: Step, *, total: arb, own: arb, others: arb) -> Scalar:
        """Return E for targets ``own = t_j``, ``others = sum of the rest``, ``total = T``."""
        linear = others * step.s if self.dominates else -own * step.s
        return total * analytic_log1p(self._moved(step)) + linear

    def own_probability(self, step: Step) -> Scalar:
        """Return ``o_j``."""
        moved = self._moved(step)
        share = moved / (1 + moved)
        return -share if self.dominates else share

    def other_probability(self, step: Step) -> Scalar:
        """Return ``o_i weight / exp(z_i)`` for any other class i."""
        moved = self._moved(step)
        return step.decay / (1 + moved) if self.dominates else -moved / (1 + moved)


def coordinates(powers: Sequence[arb]) -> list[Coordinate]:
    """Return the definition along each logit, from :func:`exponentials`."""
    return [
        Coordinate(rest / own, True, own)
        if own.mid() > rest.mid()
        else Coordinate(own / rest, False, rest)
        for own, rest in zip(powers, pairwise(powers)[1], strict=True)
    ]
