"""The two wider arithmetics: binary64 for narrower formats, and pairs of binary64 for binary64.

Each states a bound of its relative errors. Quantities are computed with either in the same words.
"""

from dataclasses import dataclass

import numpy as np

from gradcert_oracle.wider import pairs
from gradcert_oracle.wider.exponentials import DEEPEST, PAIRED_ERROR, PLAIN_ERROR, powers
from gradcert_oracle.wider.pairs import Array, Pair, two_sum

__all__ = ["PAIRED", "PLAIN", "Balance", "Wider"]


@dataclass(frozen=True)
class Balance:
    """Sums over the classes of numbers of either sign.

    Attributes
    ----------
    total
        The sum of each row.
    sizes
        The sum of the sizes of the numbers of each row.
    """

    total: Pair
    sizes: Array


@dataclass(frozen=True)
class Wider:
    """A wider arithmetic on arrays of shape (rows, classes), plain or paired.

    Attributes
    ----------
    paired
        Whether numbers are pairs of binary64; else they are binary64 and every tail is 0.0.
    unit
        A bound of the relative error of one product, quotient, or sum of two terms of one sign.
        The error of a difference is at most this part of the sum of the sizes of both.
    serves
        The bits of the intermediates in the formats that it serves.

    Examples
    --------
    >>> third = PAIRED.quotient(PAIRED.number(1.0), PAIRED.number(3.0))
    >>> float(third.head), float(third.tail)
    (0.3333333333333333, 1.850371707708594e-17)
    """

    paired: bool
    unit: float
    serves: int

    def number(self, value: float | Array) -> Pair:
        """Return binary64 numbers as numbers of this arithmetic."""
        return Pair(np.asarray(value, dtype=np.float64))

    def difference(self, a: Array, b: Array) -> Pair:
        """Return ``a - b`` of binary64 numbers; exact if paired."""
        return pairs.difference(Pair(a), Pair(b)) if self.paired else Pair(a - b)

    def exp(self, x: Pair) -> Pair:
        """Return ``exp(x)`` for x <= 0; see :attr:`exp_error`."""
        return powers(x, paired=self.paired)

    @property
    def exp_error(self) -> float:
        """A bound of the relative error of ``exp(a - b)``, beside what underflows.

        In binary64 the difference is rounded too, by at most ``2^-53 |DEEPEST|``.
        """
        return PAIRED_ERROR if self.paired else PLAIN_ERROR + 1.001 * 2.0**-53 * -DEEPEST

    def total(self, x: Pair) -> Pair:
        """Return the sum over the classes, of numbers of one sign; see :meth:`total_error`."""
        return pairs.total(x) if self.paired else Pair(x.head.sum(axis=-1))

    def total_error(self, terms: int) -> float:
        """Return a bound of the relative error of a sum of terms of one sign, in any order."""
        return 2.0**-67 if self.paired else 1.001 * 2.0**-53 * terms

    def balance(self, x: Pair) -> Balance:
        """Return the sum over the classes, of numbers of either sign.

        It is the difference of two sums of numbers of one sign. So its error is at most
        ``total_error + unit`` of the sum of the sizes.

        Examples
        --------
        >>> balance = PLAIN.balance(PLAIN.number(np.array([[1.0, -3.0]])))
        >>> balance.total.head.tolist(), balance.sizes.tolist()
        ([-2.0], [4.0])
        """
        negative = x.head < 0
        if not negative.any():
            total = self.total(x)
            return Balance(total, total.head)
        tail = np.broadcast_to(x.tail, x.head.shape)
        gained = self.total(Pair(np.where(negative, 0, x.head), np.where(negative, 0, tail)))
        lost = self.total(Pair(np.where(negative, -x.head, 0), np.where(negative, -tail, 0)))
        return Balance(self.less(gained, lost), gained.head + lost.head)

    def plus(self, x: Pair, y: Pair) -> Pair:
        """Return ``x + y`` of numbers of one sign."""
        return pairs.plus(x, y) if self.paired else Pair(x.head + y.head)

    def product(self, x: Pair, y: Pair) -> Pair:
        """Return ``x y``."""
        return pairs.product(x, y) if self.paired else Pair(x.head * y.head)

    def quotient(self, x: Pair, y: Pair) -> Pair:
        """Return ``x / y``."""
        return pairs.quotient(x, y) if self.paired else Pair(x.head / y.head)

    def minus(self, x: Pair, y: Pair) -> Pair:
        """Return ``x - y``; the tail of a pair may be large beside the head."""
        if not self.paired:
            return Pair(x.head - y.head)
        head, tail = two_sum(x.head, -y.head)
        return Pair(head, tail + (x.tail - y.tail))

    def normal(self, x: Pair) -> Pair:
        """Return a number whose tail may be large beside its head as a normal pair."""
        return two_sum(x.head, x.tail) if self.paired else x

    def less(self, x: Pair, y: Pair) -> Pair:
        """Return ``x - y`` as a normal pair."""
        return self.normal(self.minus(x, y))

    def distance(self, value: Array, x: Pair) -> Array:
        """Return ``|value - x|`` for binary64 values.

        It is short of the true distance by at most 2^-52 of itself and ``2^-52 |tail|``. The tail
        of what :meth:`minus` returns is at most 2^-52 of the sizes of both terms together.
        """
        distance: Array = np.abs((value - x.head) - x.tail if self.paired else value - x.head)
        return distance


PLAIN = Wider(paired=False, unit=2.0**-53, serves=24)
"""Binary64, for the formats of at most 24 bits."""

PAIRED = Wider(paired=True, unit=2.0**-98, serves=53)
"""Pairs of binary64, for binary64."""
