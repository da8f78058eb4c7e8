"""Lower bounds of the radii of a textbook's balls, for a whole batch at once.

A textbook computes a softmax in balls, see :mod:`~gradcert_oracle.textbook`. These bounds say how
wide its balls are at least: that of S, the sum of the powers; those of the shares o_j; and that of
L, the log-sum-exp. The budgets of every quantity follow from them. The crude upper bounds are in
:mod:`~gradcert_oracle.screens`.
"""

from dataclasses import dataclass

import numpy as np

from gradcert_oracle.batches import Batch
from gradcert_oracle.wider import Array

__all__ = ["Rounding", "log_sum_radius", "mass_radius", "share_radii"]


@dataclass(frozen=True)
class Rounding:
    """How a textbook algorithm rounds.

    Attributes
    ----------
    precision
        Bits of its intermediates, at least 24.
    lost
        What an operation may lose to underflow.
    stored
        The unit of a log-probability that is stored in a narrower format; zero where none is.
    """

    precision: int
    lost: float
    stored: float = 0.0

    @property
    def unit(self) -> float:
        """Half a unit in the last place of 1."""
        return 2.0**-self.precision


def mass_radius(batch: Batch, rounding: Rounding) -> Array:
    r"""Return a lower bound of the radius of the ball of S, relative to S, for each row.

    It is the larger of two, q and ``0.96 h``. Below, the ball of S is known to reach from S / A to
    S / B with A >= 1 >= B, and only that is used.

    - The midpoint c of the ball has the precision of the intermediates. Let D be the distance of S
      from the nearest such number, which is 1 where ``S - 1 < u``. The ball contains S and its
      mirror image ``2 c - S``, which is at least ``2 D`` away. So either A = 1 and B is at most ``S
      / (S + 2 D)``, or B = 1 and A is at least ``S / (S - 2 D)``. Half of ``A - B`` is at least ``D
      / (S + 2 D)``; q is 0.999 of it. It is not known of rescaled logits, which are shifted by a
      middle of a ball.
    - The exponents are charged roundings, so the ball contains ``S sum_k o_k e^{x_k v}`` for ``|v|
      <= u``, with x_k = :attr:`Batch.moves <gradcert_oracle.batches.Batch.moves>`, which is
      ``|d_k|`` for logits that are not rescaled. Let h be u times ``sum_k o_k x_k`` over the
      classes with ``|d_k| <= 32``. The largest of these is at least ``S e^h`` by Jensen's
      inequality, so ``B = e^{-h}``. The smallest is at most ``S (1 - 15/16 h)``, because ``e^{-x}
      <= 1 - x + x^2 / 2`` and ``u x_k <= 1/8``, so ``A = 1 + 15/16 h``.

    Examples
    --------
    >>> from gradcert_oracle.wider import PLAIN
    >>> batch, rounding = Batch({"logits": np.array([[2.0, -6.0]])}, PLAIN), Rounding(24, 0.0)
    >>> (mass_radius(batch, rounding) / rounding.unit).round(2).tolist()
    [0.13]
    """
    drift: Array = 0.96 * rounding.unit * batch.weighted_move
    if batch.rescaled is not None:
        return drift
    mass, others, unit = batch.softmax.mass, batch.softmax.others.head, rounding.unit
    exponent = rounding.precision - np.frexp(mass.head)[1]
    nearest = np.ldexp(np.rint(np.ldexp(mass.head, exponent)), -exponent)
    distance = np.abs((mass.head - nearest) + mass.tail) - mass.head * batch.error
    distance = np.where(others < unit, others, np.maximum(distance, 0))
    near = 0.999 * distance / (mass.head + 2 * distance)
    radius: Array = np.maximum(near, drift)
    return radius


def share_radii(batch: Batch, rounding: Rounding) -> Array:
    r"""Return a lower bound of the radius of the ball of each o_j, relative to o_j.

    With x = u |d_j|, or u times :attr:`Batch.moves <gradcert_oracle.batches.Batch.moves>`, the ball
    of the power contains ``e^{d_j} e^x`` and ``e^{d_j} e^{-x}``, because the exponent is charged a
    rounding. That of S contains S / A and S / B, see :func:`mass_radius`. So the ball of o_j
    contains ``o_j A e^x`` and ``o_j B e^{-x}``. A ball is no narrower than two of its points, so
    its radius is at least

    .. math:: o_j (A e^x - B e^{-x}) / 2 \ge o_j (x (A + B) / 2 + (A - B) / 2) .

    x is at most 2^-14, because no more than 746 is used of |d_j|. So this is at least ``o_j (x +
    q)`` and ``o_j (x + 0.96 h)``: what is lost to ``A + B < 2`` is less than what q and 0.96 leave
    out.

    Where a log-probability is stored, with v the unit of its rounding, ``(d_j - ln S) (1 +- v)``
    has the ends ``(d_j (1 +- u) - ln S) (1 +- v)``. They are ``2 (x + v |l_j|)`` apart, and their
    middle is ``l_j - x v``, which makes the power smaller by less than a part in 2^-22. The ball of
    S is not used then. Of rescaled logits 0.999 of this is left, see
    :mod:`~gradcert_oracle.rescaled_logits`.

    Examples
    --------
    >>> from gradcert_oracle.wider import PLAIN
    >>> batch, rounding = Batch({"logits": np.array([[2.0, -6.0]])}, PLAIN), Rounding(24, 0.0)
    >>> (share_radii(batch, rounding) / rounding.unit).round(2).tolist()
    [[0.13, 8.13]]
    """
    radii = rounding.unit * batch.moves
    if rounding.stored:
        stored = rounding.stored if batch.rescaled is None else 0.999 * rounding.stored
        radii += stored * (batch.softmax.drops + batch.log_mass.head[:, None])
    else:
        radii += mass_radius(batch, rounding)[:, None]
    return radii


def log_sum_radius(batch: Batch, rounding: Rounding) -> Array:
    """Return what the ball of L contains on both sides of it, for each row.

    The textbook rounds ``max u`` and the sum once each. Its max u is the middle of a ball, which is
    within the radius of the true one.

    Examples
    --------
    >>> from gradcert_oracle.wider import PLAIN
    >>> batch, rounding = Batch({"logits": np.array([[2.0, -6.0]])}, PLAIN), Rounding(24, 0.0)
    >>> (log_sum_radius(batch, rounding) / rounding.unit).round(2).tolist()
    [4.0]
    """
    loose = 0.0 if batch.rescaled is None else batch.rescaled.loose
    shift = np.maximum(np.abs(batch.largest.head) - loose, 0)
    radius: Array = rounding.unit * (shift + np.abs(batch.log_sum.head))
    return radius
