r"""Softmax and cross-entropy along one coordinate, over real or complex balls.

For logits z and targets t over n classes, a textbook writes

.. math::
   o_j = \frac{e^{z_j}}{\sum_k e^{z_k}}, \qquad
   E(o, t) = -\sum_j t_j \ln o_j .

This plain definition is not what runs. The oracle steps along one coordinate at a time, and a step
along :math:`z_j` changes one term of the sum, which multiplies the sum by
:math:`1 + o_j (e^s - 1)`. So the definition reads, with o and t the values at s = 0,

.. math::
   E(s) - E(0) &= T \ln(1 + o_j (e^s - 1)) - t_j s , \qquad T = \sum_i t_i , \\
   o_j(s) &= \frac{o_j e^s}{1 + o_j (e^s - 1)}, \qquad
   o_i(s) = \frac{o_i}{1 + o_j (e^s - 1)} \quad (i \ne j) .

This step uses no rule of calculus, only :math:`\ln(ab) = \ln a + \ln b`. Targets are any finite
numbers, and T may be zero or negative: it multiplies the logarithm, and no step asks for its sign.
Each formula has a mirror image in the share of all other classes, :math:`1 - o_j`, with :math:`-s`
and :math:`T - t_j`. A class that has more than half of the sum uses the mirror image. Then every
term is small where the derivative is small, and nothing cancels at saturated coordinates but the
sum of targets of both signs, whose ball is narrow with enough bits.

``tests/unit/oracle/test_definitions.py`` contains the plain definitions, and shows at real and
complex points that the formulas here agree with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, fsum
from operator import mul

from flint import arb

from gradcert_oracle.differences import Scalar

__all__ = ["Coordinate", "Shares", "Step", "relative_mass", "shares"]


@dataclass(frozen=True, slots=True)
class Shares:
    """The share that each class has of the sum of exponentials.

    Attributes
    ----------
    own
        ``o_j`` for each class, accurate relative to its own size.
    others
        The share of everything but one class with the largest logit.
    top
        The index of that class.
    mass
        ``sum_k exp(z_k - max z)``.
    """

    own: list[arb]
    others: arb
    top: int
    mass: arb

    @property
    def dominant(self) -> int | None:
        """The class that provably has more than half of the sum, or None.

        The proof is that the ball of all others lies below one half. It also proves that the class
        occurs once, because two equal classes leave at least one half to the others of either.
        """
        return self.top if 2 * self.others < 1 else None

    def coordinate(self, j: int) -> "Coordinate":
        """Return the definition along the logit of class `j`."""
        if j == self.dominant:
            return Coordinate(self.others, True)
        return Coordinate(self.own[j], False)


def shares(z: Sequence[float | arb], counts: Sequence[int]) -> Shares:
    """Return the shares of classes with logits `z`, where class j occurs ``counts[j]`` times.

    The logits may be balls. The top class is then one that no other certainly exceeds.

    Examples
    --------
    >>> whole = shares([0.0, 100.0], [3, 1])
    >>> print(whole.own[0].str(5), whole.others.str(5), whole.dominant)
    [3.7201e-44 +/- 2.41e-49] [1.1160e-43 +/- 2.28e-48] 1
    """
    top = max(range(len(z)), key=z.__getitem__)
    largest = arb(z[top])
    powers = [(x - largest).exp() for x in z]
    terms = list(powers) if max(counts) == 1 else list(map(mul, powers, counts))
    terms[top] = arb(counts[top] - 1)  # One of them is left out, and each has a power of one.
    rest = sum(terms, arb(0))
    mass = rest + 1
    part = 1 / mass
    return Shares([power * part for power in powers], rest * part, top, mass)


def relative_mass(z: Sequence[float]) -> float:
    """Return ``sum_k exp(z_k - max z)`` in binary64, where a rough size is enough.

    Examples
    --------
    >>> relative_mass([1e4, 1e4, 0.0])
    2.0
    """
    largest = max(z)
    return fsum([exp(x - largest) for x in z])


@dataclass(frozen=True, slots=True)
class Step:
    """A step s along one logit, real or complex: ``growth = exp(s)``, ``decay = exp(-s)``."""

    growth: Scalar
    decay: Scalar

    @classmethod
    def of(cls, s: Scalar) -> "Step":
        """Return the step `s`."""
        return cls(s.exp(), (-s).exp())


@dataclass(frozen=True, slots=True)
class Coordinate:
    """The definition along one logit z_j, up to a constant, which no difference depends on.

    Attributes
    ----------
    share
        ``o_j``, or ``1 - o_j`` where class j dominates.
    dominates
        Whether class j has more than half of the sum.
    """

    share: arb
    dominates: bool

    def _factor(self, step: Step) -> Scalar:
        return step.decay if self.dominates else step.growth

    def own_probability(self, step: Step) -> Scalar:
        """Return ``o_j`` after the step, up to a constant."""
        factor = self._factor(step)
        moved = self.share * factor / (1 + self.share * (factor - 1))
        return -moved if self.dominates else moved

    def other_probability(self, step: Step) -> Scalar:
        """Return ``o_i(s) / o_i(0)`` for any other class i, up to a constant."""
        factor = self._factor(step)
        changed = self.share * (factor - 1)
        return (factor if self.dominates else -changed) / (1 + changed)
