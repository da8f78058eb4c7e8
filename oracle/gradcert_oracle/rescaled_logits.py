r"""The logits of a batch that a loss scales or caps, in a wider arithmetic.

With a scale s and a softcap c the softmax is that of ``u_k = s z_k``, or of ``u_k = c tanh(x_k)``
with ``x_k = s z_k / c``. The largest u belongs to the largest z.

*The reference.* Without a softcap ``u_k - max u`` is ``s (z_k - max z)``, whose difference and
product are rounded. So its power is off by one rounding more of an exponent of at most 746. With a
softcap each u is off by at most ``2 c E`` and a rounding, see :mod:`~gradcert_oracle.wider`, with E
the error of an exponential. A difference is off by two of both and a rounding, less than ``5 c E``.

*The balls of the textbook* (:func:`~gradcert_oracle.textbook.points`), with u the unit of the
intermediates. The half width of the ball of u_j is at least ``u r_j``:

- without a softcap a product of Arb is widened by one unit in the last place if it is rounded, so
  by at least ``u`` of itself. So r_j is ``|u_j|`` if s has more bits than the intermediates, or if
  ``s z_j`` has. Else it is zero: the product may be exact, as it is in a run;
- with a softcap the ball contains ``c (1 +- u) tanh(x_j (1 +- u)^2)``, because c is charged one
  rounding and s / c two. So r_j is ``|u_j| + 2 |s z_j| S_j``, with ``S_j = 1 - tanh^2 x_j``, but
  for a part of less than 2^-22.

The exponent is the difference from m', the middle of the ball of max u, with two roundings. So its
ball has a half width of at least ``x_j = u (2 |d'_j| + r_j)``, with d' = u - m', and contains d'_j,
though not always in its middle. m' is within the radius of that ball, so ``|d'_j|`` is at least
``|d_j|`` less that radius. The softmax does not depend on m'.

No more than 2^-14 is used of x_j. So there is an interval around d'_j of that half width, and its
middle is off by at most 2^-14. That costs a power and a sum of powers a part of 2^-14, their
quotient one of 2^-11, and a logarithm that is stored with a rounding of v <= 2^-8 a part of v of
x_j. 0.99 of x_j and 0.999 of what is stored are left.

The ball of the tangent contains ``t (1 +- 2 u)`` in the same way, because it is had from the ball
of u. So that of ``1 - t^2`` contains both ends of ``S_j +- u b_j``, with ``b_j = 4 t^2 + 4 |t x_j|
S_j``, but for a part of less than 2^-22.

*An upper bound of the radius of u_j.* With w = 4 u, see :mod:`~gradcert_oracle.screens`, it is at
most ``2 w |u_j|`` without a softcap. With one x_j is off by at most ``6 w |x_j|`` and what may
underflow. Arb computes the tangent with at most four times the error that this causes, and a
rounding. ``|x| S`` is at most ``|tanh x|``, so u_j is off by at most ``28 w |u_j|`` and ``4 c``
times what may underflow.
"""

from dataclasses import dataclass, replace
from math import inf

import numpy as np

from gradcert_oracle.wider import (
    DEEPEST,
    Array,
    Pair,
    Wider,
    tangent_error,
    tangents,
)

__all__ = ["RescaledLogits", "Rescaling"]

_SCALED, _CAPPED = 8, 112
"""The most units that the radius of a rescaled logit is of its size."""

_FARTHEST = 2.0**-14
"""No more than this counts of the radius of an exponent, so that its square is far below it."""

_LOST = 2.0**-120
"""Four times the most that an operation of 24 bits or more may lose to underflow."""

_BEYOND_BINARY32 = (1 << 29) - 1
"""The bits of a binary64 number that do not fit into binary32."""


def _moves(differences: Pair, loose: Array, own: Array, wider: Wider) -> Array:
    """Return 0.99 of ``2 |d'_j| + r_j``, or of the most that counts."""
    # A power is zero beyond 746.
    moves = np.minimum(-differences.head, -DEEPEST)
    moves -= loose[:, None]
    np.maximum(moves, 0, out=moves)
    moves *= 2
    moves += own
    np.minimum(moves, _FARTHEST / 2.0**-wider.serves, out=moves)
    moves *= 0.99
    return moves


def _where(places: Array, value: float, numbers: Pair) -> Pair:
    """Return numbers with a value of binary64 at some places."""
    if not places.any():
        return numbers
    tail = numbers.tail if isinstance(numbers.tail, float) else np.where(places, 0, numbers.tail)
    return Pair(np.where(places, value, numbers.head), tail)


@dataclass(frozen=True)
class RescaledLogits:
    """The logits u of a batch after a scale and a softcap.

    Attributes
    ----------
    softcap
        The softcap c; infinite for none.
    differences
        ``u - max u``, which may be -inf.
    largest
        ``max u`` of each row.
    error
        A bound of the error of an exponent, of ``max u`` with a softcap, and of that relative to
        its size without one.
    loose
        A bound of the radius of the ball of ``max u``, for each row.
    moves
        ``2 |d'_j| + r_j`` or less: the half width of the ball of an exponent, in units.
    steepness
        S_j; None without a softcap.
    bend
        ``b_j``: what the ball of S_j contains on both sides of it, in units.
    """

    softcap: float
    differences: Pair
    largest: Pair
    error: float
    loose: Array
    moves: Array
    steepness: Pair | None = None
    bend: Array | None = None

    def part(self, classes: slice) -> "RescaledLogits":
        """Return what is known of some of the classes; `largest` counts all classes."""
        every = slice(None)
        steepness, bend = self.steepness, self.bend
        return replace(
            self,
            differences=self.differences.of(every, classes),
            moves=self.moves[:, classes],
            steepness=None if steepness is None else steepness.of(every, classes),
            bend=None if bend is None else bend[:, classes],
        )

    @property
    def widest(self) -> int:
        """The most units that the radius of a u_j is of its size."""
        return _SCALED if self.softcap == inf else _CAPPED


@dataclass(frozen=True)
class Rescaling:
    """How a loss rescales its logits.

    Attributes
    ----------
    scale
        The factor s of each logit.
    softcap
        The bound c of each scaled logit; infinite for none.
    """

    scale: float = 1.0
    softcap: float = inf

    def apply(self, z: Array, wider: Wider) -> RescaledLogits:
        """Return the rescaled logits of a batch; without a softcap one may be -inf.

        Examples
        --------
        >>> from gradcert_oracle.wider import PLAIN
        >>> found = Rescaling(2.0).apply(np.array([[3.0, 1.0]]), PLAIN)
        >>> found.differences.head.tolist(), found.largest.head.tolist()
        ([[0.0, -4.0]], [6.0])
        """
        scale, top = Pair(np.full((1, 1), self.scale)), (np.arange(len(z)), z.argmax(axis=1))
        scaled = _where(z == -inf, -inf, wider.product(wider.number(z), scale))
        if self.softcap < inf:
            return self._capped(scaled, top, wider)
        differences = wider.product(wider.difference(z, z[top][:, None]), scale)
        differences = _where(z == -inf, -inf, differences)
        error = 2.0**-80 if wider.paired else 1.001 * wider.unit * -DEEPEST
        largest, own = scaled.of(*top), np.where(self._rounded(scaled, wider), scaled.head, 0)
        loose = _SCALED * 2.0**-wider.serves * np.abs(largest.head)
        moves = _moves(differences, loose, np.abs(own), wider)
        return RescaledLogits(inf, differences, largest, error, loose, moves)

    def _rounded(self, scaled: Pair, wider: Wider) -> Array:
        """Return where the product of the scale and a logit is rounded at the format's precision.

        The formats below binary64 have intermediates of 24 bits. There the product of two numbers
        of 24 bits is exact in binary64.
        """
        if wider.paired:
            rounded: Array = np.not_equal(scaled.tail, 0)
        else:
            bits = scaled.head.view(np.int64) | np.float64(self.scale).view(np.int64)
            rounded = (bits & _BEYOND_BINARY32) != 0
        return rounded

    def _capped(self, scaled: Pair, top: tuple[Array, Array], wider: Wider) -> RescaledLogits:
        softcap = self.softcap
        cap, signs = Pair(np.full((1, 1), softcap)), np.where(scaled.head < 0, -1.0, 1.0)
        found = tangents(wider.quotient(scaled, cap), wider)
        points = wider.product(found.sizes.times(signs), cap)
        largest = points.of(*top)
        differences = wider.less(points, largest.per_row())
        # What is above zero is so by no more than its error, because u grows with z.
        differences = _where(differences.head > 0, 0.0, differences)
        t, reach = found.sizes.head, np.abs(scaled.head) * found.steepness.head
        loose = _CAPPED * 2.0**-wider.serves * np.abs(largest.head) + softcap * _LOST
        return RescaledLogits(
            softcap,
            differences,
            largest,
            2.525 * softcap * tangent_error(wider),
            loose,
            _moves(differences, loose, np.abs(points.head) + 2 * reach, wider),
            found.steepness,
            4 * t * (t + reach / softcap),
        )
