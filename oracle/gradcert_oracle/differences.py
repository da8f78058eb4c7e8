r"""Derivatives of analytic functions, computed from their values alone, each with its proof.

The theorem. Let phi be analytic on the closed disc :math:`|s| \le r` and
:math:`M \ge \sup |\phi(s) - \phi(0)|` there. For a step :math:`0 < h < r` the central difference
:math:`D(h) = (\phi(h) - \phi(-h)) / 2h` satisfies

.. math:: |D(h) - \phi'(0)| \le \frac{M}{r} \frac{q}{1 - q}, \qquad q = (h / r)^2 .

Proof. Write :math:`\phi(s) = \sum a_k s^k`. Cauchy's estimate gives :math:`|a_k| \le M / r^k` for
:math:`k \ge 1`; the even terms cancel in D(h), and the odd ones beyond the first leave at most
:math:`\sum_{m \ge 1} M h^{2m} / r^{2m+1}`, a geometric series.

M is computed, not assumed: the same code is evaluated on one complex ball that contains the disc.
A finite result proves that phi is analytic there, if the code uses analytic operations only. A
logarithm must be :func:`analytic_log` or :func:`analytic_log1p`, which return NaN where their
argument may touch the branch cut. :func:`central_differences` does exactly this.

A loss needs one such derivative for each class. :func:`log_slopes` computes all of them at once,
with one bound M for all classes, because the bound of a class grows with its share of the sum.
:func:`share_slopes` does the same for what a mean of numbers needs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from flint import acb, arb, ctx

__all__ = [
    "OracleError",
    "Scalar",
    "analytic_log",
    "analytic_log1p",
    "central_differences",
    "log_slopes",
    "share_slopes",
]

Scalar = arb | acb
"""A real or a complex ball. A definition is written once and accepts both."""


class OracleError(ArithmeticError):
    """The oracle could not prove an answer that is narrow enough, or decide a verdict."""


def analytic_log(x: Scalar) -> Scalar:
    """Return ``ln x``, or NaN where `x` may be on the branch cut, the reals up to zero.

    Parameters
    ----------
    x
        A real or a complex ball, ``flint.arb`` or ``flint.acb``.

    Returns
    -------
    A ball of the same type. A finite one proves that the logarithm is analytic on all of `x`.

    Examples
    --------
    >>> print(analytic_log(arb(1)), analytic_log(acb(-1)))
    0 nan + nanj
    """
    return x.log(analytic=True) if isinstance(x, acb) else x.log()


def analytic_log1p(x: Scalar) -> Scalar:
    """Return ``ln(1 + x)``, accurate for tiny `x`, or NaN unless ``Re(1 + x) > 0`` is certain.

    Parameters
    ----------
    x
        A real or a complex ball, ``flint.arb`` or ``flint.acb``.

    Returns
    -------
    A ball of the same type. A finite one proves that the logarithm is analytic on all of `x`.

    Examples
    --------
    >>> print(analytic_log1p(arb(0)), analytic_log1p(arb(-2)))
    0 nan
    """
    return x.log1p() if x.real > -1 else x * arb.nan()


def central_differences(
    family: Callable[[Scalar], list[Scalar]], *, radius: float = 1
) -> list[arb]:
    """Enclose the derivatives at zero of a family of functions of one variable.

    Parameters
    ----------
    family
        Maps a step s, real or complex, to the values of all functions at s.
    radius
        Every function must be analytic on the disc |s| <= radius.

    Returns
    -------
    One ball for each function, at the working precision ``ctx.prec``. The step is ``radius *
    2**-(ctx.prec // 3)``. It balances truncation, h^2, against rounding, 2^-prec / h, so that both
    are near ``2**-(2 * ctx.prec / 3)``.

    Raises
    ------
    OracleError
        If a function is not proved analytic on the disc, where a pole or a branch cut may be.

    Examples
    --------
    >>> with ctx.workprec(128):
    ...     print(central_differences(lambda s: [s.sin(), (3 + s) ** 2])[1])
    [6.000000000000000000000000 +/- 5.85e-25]
    """
    h = arb((1, -(ctx.prec // 3))) * radius
    disc = acb(arb(0, radius), arb(0, radius))
    q = (h / radius) ** 2
    remainder = q / (1 - q) / radius
    rows = zip(family(h), family(-h), family(disc), family(arb(0)), strict=True)
    slopes = []
    for ahead, behind, around, centre in rows:
        if not around.is_finite():
            raise OracleError(f"a function is not proved analytic on the disc |s| <= {radius}")
        bound = (around - centre).abs_upper()
        slopes.append(((ahead - behind) / (2 * h)).real + arb(0, (remainder * bound).upper()))
    return slopes


@dataclass(frozen=True)
class _Step:
    """A tiny step h along a logit, and the disc of radius 1/2 around it.

    Attributes
    ----------
    size
        h.
    ahead, behind, gap
        ``exp(h) - 1``, ``exp(-h) - 1``, and their difference.
    furthest
        A ball of all ``p (exp(s) - 1)`` with s on the disc and p at most one in size.
    bent, straight
        Balls of all ``1 + p behind`` and ``1 + p ahead`` with p from 0 to 1.
    """

    size: arb
    ahead: arb
    behind: arb
    gap: arb
    furthest: acb
    bent: arb
    straight: arb

    _RADIUS: ClassVar[arb] = arb(0.5)

    @classmethod
    def of_precision(cls) -> "_Step":
        """Return the step ``2**-ctx.prec``."""
        h = arb((1, -ctx.prec))
        ahead, behind = h.expm1(), (-h).expm1()
        side = arb(0, cls._RADIUS.expm1().upper())
        share = arb(0.5, 0.5)
        disc = acb(side, side)
        return cls(h, ahead, behind, ahead - behind, disc, 1 + share * behind, 1 + share * ahead)

    def remainder(self, bound: arb) -> arb:
        """Return a ball around zero: the theorem's remainder for a function with this bound."""
        q = (self.size / self._RADIUS) ** 2
        return arb(0, (bound / self._RADIUS * q / (1 - q)).upper())


def log_slopes(shares: Sequence[arb]) -> list[arb]:
    r"""Enclose the derivative at zero of ``f(s) = ln(1 + p (exp(s) - 1))`` for each share p.

    The central difference is a single logarithm, because ``ln a - ln b = ln(a / b)``. Nothing
    cancels in it, so the step may be tiny, and the result is as accurate as p, however small p is:

    .. math::
       f(h) - f(-h) = \ln (1 + y), \qquad y = p \frac{e^h - e^{-h}}{1 + p (e^{-h} - 1)} .

    The denominators of all p from 0 to 1 lie in one ball, which is as narrow as the step is small.
    So do all :math:`\ln(1 + y) / y`: with :math:`|y| \le 1/2`, the logarithm differs from y by at
    most :math:`y^2`. So a class costs one product, of p and a ball that serves all of them.

    The bound of each is p times M(1), which one evaluation on a complex ball gives. Fix s in the
    disc and let p be complex. Then f is analytic in p on :math:`|p| \le 1` and zero at p = 0, so
    Schwarz's lemma gives :math:`|f| \le p M(1)`. Here M(1) bounds f for all p and s at once: it is
    the bound of ``ln(1 + x)`` on the ball of all ``x = p (exp(s) - 1)``, where
    :math:`|x| \le e^{|s|} - 1`.

    Parameters
    ----------
    shares
        Each from 0 to 1.

    Returns
    -------
    One ball for each share, at the working precision. The step is ``2**-ctx.prec``.

    Examples
    --------
    >>> print(log_slopes([arb(1) / 4, arb(0)]))
    [[0.250000000000000 +/- 1.67e-16], 0]
    """
    step = _Step.of_precision()
    bound = analytic_log1p(step.furthest).abs_upper()
    largest = step.gap / step.bent
    slope = largest * arb(1, largest.abs_upper()) / (2 * step.size) + step.remainder(bound)
    return [p * slope for p in shares]


def share_slopes(shares: Sequence[arb]) -> list[arb]:
    r"""Enclose the derivative at zero of ``g(s) = x / (1 + x)``, ``x = p (exp(s) - 1)``.

    There is one for each share p. A step s along a logit with this share of the sum moves the mean
    of numbers v, ``sum_k v_k o_k``, by the difference of its own v from the mean times g(s). The
    central difference is

    .. math::
       g(h) - g(-h) = \frac{p (e^h - e^{-h})}{(1 + p (e^h - 1)) (1 + p (e^{-h} - 1))},

    in which nothing cancels. One ball serves all denominators, and the bound of each is p times
    M(1) by Schwarz's lemma, as in :func:`log_slopes`: ``|e^s - 1| < 1`` on the disc, so g is
    analytic in p on :math:`|p| \le 1`, and zero at p = 0.

    Parameters
    ----------
    shares
        Each from 0 to 1.

    Returns
    -------
    One ball for each share, at the working precision.

    Examples
    --------
    >>> print(share_slopes([arb(1) / 4, arb(0)]))
    [[0.250000000000000 +/- 1.81e-16], 0]
    """
    step = _Step.of_precision()
    bound = (step.furthest / (1 + step.furthest)).abs_upper()
    slope = step.gap / (step.straight * step.bent) / (2 * step.size) + step.remainder(bound)
    return [p * slope for p in shares]
