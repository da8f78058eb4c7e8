r"""The loss with its options along one coordinate, over balls.

:mod:`~gradcert_oracle.losses` has the definition. A step s' along z_j moves u_j alone, by
:math:`d(s') = u_j(z_j + s') - u_j(z_j)`, and so it changes one term of the sum in L. With p_j the
share of ``exp(u_j)`` and A the sum of all a_k, the definition reads

.. math::
   C(s') - C(0) &= A f - a_j d , \qquad f = \ln(1 + p_j (e^d - 1)) , \\
   L^2(s') - L^2(0) &= (L + f)^2 - L^2 .

A class that has more than half of the sum has the mirror image :math:`f = d + \ln(1 + (1 - p_j)
(e^{-d} - 1))`, and then the factor of d is ``A - a_j``, the sum of the other a_k.

Central differences. Steps s' are counted in ``s z_j``, from -h to h. None of these cancels:

- that of f is one logarithm, see :func:`~gradcert_oracle.differences.log_slopes`;
- that of the square is ``(f(h) - f(-h)) (2 L + f(h) + f(-h))``, where ``|f| <= |d| <= h``;
- that of d is 2 h. With a softcap c, and x = s z_j / c, w = h / c, S = 1/cosh^2 x, it is

.. math::
   d(h) - d(-h) = \frac{c \sinh 2w}{\cosh^2 x + \sinh^2 w}
   = \frac{c S \sinh 2w}{1 + S \sinh^2 w} .

Remainders. Cauchy's estimate, see :mod:`~gradcert_oracle.differences`, needs bounds on a disc of
radius r. With ``b(y) = -ln(2 - e^y)``, which is convex and zero at zero:

- Without a softcap ``d = s'`` and r = 1/2. So ``|d| <= m`` with m = 1/2, and ``|d| <= k S`` with
  k = 1/2 and S = 1.
- With a softcap r is the smaller of 1/2 and c/2, so that ``tanh w`` has no pole. There
  ``|tanh w| <= tau = tan(r / c)``. With T = tanh x, the addition theorem says
  :math:`d = c S \tanh w / (1 + T \tanh w)`. So ``|d| <= c S tau / (1 - |T| tau)``, at most k S with
  ``k = c tau / (1 - tau)``. At the worst T it is ``m = 2 c tau / (1 + sqrt(1 - tau^2))``, which is
  below 0.6 because ``c tau <= tan(1/2)``.
- ``|e^d - 1| <= e^m - 1 < 1``. So f is analytic in s', and also in p_j for ``|p_j| <= 1``, where
  ``|f| <= b(|d|)``. It is zero at p_j = 0, so by Schwarz's lemma ``|f| <= p_j b(|d|)``. Because b
  is convex, that is at most ``p_j k S b(m) / m``. The mirror image has the same bound in 1 - p_j.
- ``|(L + f)^2 - L^2| <= |f| (2 |L| + b(m))``.

So every remainder has the factors that the derivative has: p_j, and S. A class on the plateau of a
softcap needs no more bits than another one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf

from flint import arb, ctx

from gradcert_oracle.definitions import Shares, shares
from gradcert_oracle.differences import log_slopes
from gradcert_oracle.losses import Loss

__all__ = ["Along", "along"]


@dataclass(frozen=True)
class _Disc:
    """Steps in s z_j, and what moves on them. All bounds are those of the module's docstring.

    Attributes
    ----------
    radius
        r.
    step
        h.
    slope
        k: ``|d| <= S k``.
    furthest
        m: ``|d| <= m``.
    """

    radius: arb
    step: arb
    slope: arb
    furthest: arb

    @classmethod
    def of(cls, softcap: float) -> "_Disc":
        half, fine = arb(1) / 2, arb((1, -ctx.prec))
        if softcap == inf:
            return cls(half, fine, half, half)
        radius = half * min(1.0, softcap)
        tangent = (radius / softcap).tan()
        return cls(
            radius,
            radius * fine,
            softcap * tangent / (1 - tangent),
            2 * softcap * tangent / (1 + (1 - tangent**2).sqrt()),
        )

    @cached_property
    def most(self) -> arb:
        """``b(m)``, which bounds ``|f|``."""
        return -((2 - self.furthest.exp()).log())

    @cached_property
    def remainder(self) -> arb:
        """What a central difference may be off, relative to a bound of the function on the disc."""
        q = (self.step / self.radius) ** 2
        return q / (1 - q) / self.radius

    def off(self, bound: arb) -> arb:
        """Return what a central difference may be off, a ball around zero."""
        return arb(0, (self.remainder * bound).upper())

    @property
    def steepest(self) -> arb:
        """``k b(m) / m``: ``|f| <= p_j S k b(m) / m``."""
        return self.slope * self.most / self.furthest


def _capped_slopes(
    disc: _Disc, softcap: float, own: Sequence[arb], steepness: Sequence[arb], signs: Sequence[int]
) -> list[arb]:
    """Enclose the derivative of ``ln(1 + p (exp(d) - 1))``, or of its mirror image along ``-s``.

    With b for ``exp(d(-h)) - 1`` the difference is ``ln(1 + p (exp(d(h) - d(-h)) - 1) q)``, where q
    is ``(1 + b) / (1 + p b)``, between 1 and 1 + b. d(-h) and ``d(h) - d(-h)`` are S times a number
    that depends little on x. So these and q lie in intervals about ``2^-ctx.prec`` wide.
    """
    w, inverse = disc.step / softcap, 1 / (2 * disc.step)
    gap = softcap * (2 * w).sinh() * (1 / (1 + w.sinh() ** 2)).union(arb(1))
    back = softcap * w.sinh() * w.exp()
    q = back.exp().union((-back).exp())
    off, slopes = disc.off(disc.steepest), []
    for p, steep, sign in zip(own, steepness, signs, strict=True):
        log = (p * (gap * (sign * steep)).expm1() * q).log1p()
        slopes.append(log * inverse * sign + p * steep * off)
    return slopes


@dataclass(frozen=True)
class _Rescaled:
    """The rescaled logits of a row.

    Attributes
    ----------
    points
        u, up to a constant where there is no softcap.
    steepness
        S; empty where there is no softcap.
    """

    points: Sequence[arb]
    steepness: Sequence[arb]

    @classmethod
    def capped(cls, loss: Loss, logits: Sequence[float]) -> "_Rescaled":
        """Enclose both from one exponential each, ``e = e^(-2 |x|)``: ``|tanh x| (1 + e) = 1 - e``.

        Where ``|x|`` is below a half the exponential less one is taken, so that nothing cancels.
        """
        softcap, points, steepness = arb(loss.softcap), [], []
        ratio = -2 * arb(loss.logit_scale) / softcap
        near = 0.5 * loss.softcap / loss.logit_scale
        for z in logits:
            exponent, signed = ratio * abs(z), softcap if z > 0 else -softcap
            if abs(z) > near:
                e = exponent.exp()
                missing = 1 - e
            else:
                missing = -exponent.expm1()
                e = 1 - missing
            inverse = 1 / (1 + e)
            points.append(missing * inverse * signed)
            steepness.append(4 * e * inverse * inverse)
        return cls(points, steepness)


@dataclass(frozen=True)
class Along:
    """The rescaled logits of a row, and how its loss moves along each of them.

    Attributes
    ----------
    loss
        The options.
    steepness
        S; empty where there is no softcap.
    points
        u, up to a constant where there is no softcap.
    shares
        The shares of the sum of all ``exp(u_k)``.
    log_sum
        L.
    """

    loss: Loss
    steepness: Sequence[arb]
    points: Sequence[arb]
    shares: Shares
    log_sum: arb

    def slopes(
        self, places: Sequence[int], targets: Sequence[arb], mass: arb, others: arb, square: arb
    ) -> list[arb]:
        """Enclose the derivatives of ``sum_k a_k (L - u_k) + square L^2`` by s z_j.

        Parameters
        ----------
        places
            The classes j.
        targets
            ``a_j`` of each of them.
        mass, others
            The sum A of all a_k, and that of all but the class that dominates.
        square
            The factor of the squared log-sum-exp.
        """
        dominant, softcap = self.shares.dominant, self.loss.softcap
        disc = _Disc.of(softcap)
        own = [self.shares.own[j] if j != dominant else self.shares.others for j in places]
        twice = square * (2 * self.log_sum + arb(0, 2 * disc.step.upper()))
        spread = disc.off(disc.steepest * abs(square) * (2 * abs(self.log_sum) + disc.most))
        total, rest = mass + twice, others + twice
        if softcap == inf:  # S is one, and so is what a step moves.
            return [
                rest + spread - total * log if j == dominant else total * log + spread * p - a
                for j, a, p, log in zip(places, targets, own, log_slopes(own), strict=True)
            ]
        steepness = [self.steepness[j] for j in places]
        w = disc.step / softcap
        nearly = (1 / (1 + w.sinh() ** 2)).union(arb(1))
        move = softcap * (2 * w).sinh() * nearly / (2 * disc.step) + disc.off(disc.slope)
        signs = [-1 if j == dominant else 1 for j in places]
        logs = _capped_slopes(disc, softcap, own, steepness, signs)
        rest *= move
        return [
            (rest + spread) * steep - total * log
            if j == dominant
            else total * log + (spread * p - a * move) * steep
            for j, a, p, log, steep in zip(places, targets, own, logs, steepness, strict=True)
        ]


def along(loss: Loss, logits: Sequence[float], counts: Sequence[int]) -> Along:
    """Return the rescaled logits of a row, where class j occurs ``counts[j]`` times.

    Examples
    --------
    >>> print(along(Loss(logit_scale=0.5), [0.0, 0.0], [1, 1]).log_sum)
    [0.693147180559945 +/- 4.12e-16]
    """
    if loss.softcap == inf:
        largest, scale = arb(max(logits)), arb(loss.logit_scale)
        rescaled = _Rescaled([(x - largest) * scale for x in logits], ())
        base = largest * scale
    else:
        rescaled, base = _Rescaled.capped(loss, logits), arb(0)
    points = rescaled.points
    whole = shares(points, counts)
    return Along(
        loss, rescaled.steepness, points, whole, base + points[whole.top] + whole.mass.log()
    )
