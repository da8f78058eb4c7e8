r"""Softmax and cross-entropy as the textbook writes them, over real or complex balls.

For logits z and targets t over n classes:

.. math::
   o_j = \frac{e^{z_j}}{\sum_k e^{z_k}}, \qquad
   E(o, t) = -\sum_j t_j \ln o_j .

The oracle steps along one coordinate at a time, and a step along :math:`z_j` changes one term of
the sum, which becomes :math:`1 + o_j (e^s - 1)` times what it was. So the definition reads, o and t
being what they are at s = 0,

.. math::
   E(s) - E(0) &= T \ln(1 + o_j (e^s - 1)) - t_j s , \qquad T = \sum_i t_i , \\
   o_j(s) &= \frac{o_j e^s}{1 + o_j (e^s - 1)}, \qquad
   o_i(s) = \frac{o_i}{1 + o_j (e^s - 1)} \quad (i \ne j) .

No rule of calculus is used, only :math:`\ln(ab) = \ln a + \ln b`. Each has a mirror image in the
share of all others, :math:`1 - o_j`, in :math:`-s` and :math:`T - t_j`. Taking it for a class that
has more than half of the whole keeps every term small where the derivative is small, so that
nothing cancels at saturated coordinates. Tests hold these against the plain definitions below, at
real and complex points.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb

from gradcert_oracle.differences import Scalar, analytic_log

__all__ = [
    "Coordinate",
    "Shares",
    "Step",
    "cross_entropy",
    "log_sum_exp",
    "shares",
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


@dataclass(frozen=True, slots=True)
class Shares:
    """What each class has of the sum of exponentials.

    Attributes
    ----------
    own
        ``o_j``, as accurate as it is small.
    others
        What all other classes have together, of the one with the largest logit.
    top
        Where that one is.
    mass
        ``sum_k exp(z_k - max z)``.
    """

    own: list[arb]
    others: arb
    top: int
    mass: arb

    @property
    def dominant(self) -> int | None:
        """The class that has more than all others together, if there is one."""
        return self.top if 2 * self.others.mid() < 1 else None

    def coordinate(self, j: int) -> "Coordinate":
        """Return the definition along the logit of class `j`."""
        if j == self.dominant:
            return Coordinate(self.others, True)
        return Coordinate(self.own[j], False)


def shares(z: Sequence[float], counts: Sequence[int]) -> Shares:
    """Return the shares of classes with logits `z`, of which there are so many each.

    Examples
    --------
    >>> found = shares([0.0, 100.0], [3, 1])
    >>> print(found.own[0].str(5), found.others.str(5), found.dominant)
    [3.7201e-44 +/- 2.41e-49] [1.1160e-43 +/- 2.28e-48] 1
    """
    top = max(range(len(z)), key=z.__getitem__)
    largest = arb(z[top])
    powers = [(x - largest).exp() for x in z]
    pairs = zip(powers, counts, strict=True)
    terms = [power if count == 1 else power * count for power, count in pairs]
    terms[top] = arb(counts[top] - 1)  # All but one of them, whose power is one.
    rest = sum(terms, arb(0))
    mass = rest + 1
    return Shares([power / mass for power in powers], rest / mass, top, mass)


@dataclass(frozen=True, slots=True)
class Step:
    """A step s along one logit, real or complex, with ``growth = exp(s)``, ``decay = exp(-s)``."""

    growth: Scalar
    decay: Scalar

    @classmethod
    def of(cls, s: Scalar) -> "Step":
        """Return the step `s`."""
        return cls(s.exp(), (-s).exp())


@dataclass(frozen=True, slots=True)
class Coordinate:
    """The definition along one logit z_j, constants left out: they leave every difference.

    Attributes
    ----------
    share
        ``o_j`` or, where class j dominates, ``1 - o_j``.
    dominates
        Whether class j has more than all others together.
    """

    share: arb
    dominates: bool

    def _factor(self, step: Step) -> Scalar:
        return step.decay if self.dominates else step.growth

    def own_probability(self, step: Step) -> Scalar:
        """Return ``o_j``."""
        factor = self._factor(step)
        moved = self.share * factor / (1 + self.share * (factor - 1))
        return -moved if self.dominates else moved

    def other_probability(self, step: Step) -> Scalar:
        """Return ``o_i(s) / o_i(0)`` for any other class i."""
        factor = self._factor(step)
        changed = self.share * (factor - 1)
        return (factor if self.dominates else -changed) / (1 + changed)
