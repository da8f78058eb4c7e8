r"""The logarithm ``ln(1 + x)`` of pairs x >= 0, relative to its own size.

With ``1 + x = 2^q m`` and c the nearest of the numbers 1, 1 + 1/64, ..., 2 to m:

.. math:: \ln(1 + x) = q \ln 2 + \ln c + 2 \,\mathrm{artanh}(s), \qquad s = \frac{y}{2 + y}, \quad
          y = \frac{m - c}{c} .

Where x < 1/128 both q and ln c are zero and y is x itself, so nothing cancels; elsewhere the result
is at least 0.0077, and ``|y| <= 1/128``, so ``|s| < 2^-7.9``. The difference ``m - c`` is a pair
with an error below 2^-104. artanh is ``s (1 + s^2/3 + s^4/5 + ...)`` with ``s^2/3`` paired and the
rest, below 2^-33, in binary64 up to s^12; the remainder is below 2^-113. So artanh has a relative
error below 2^-84. The tables have errors below 2^-105, multiplied by q <= 24. Signs differ where m
< c, but c > 1 there and the sum is at least half of its largest term. So the relative error is
below ``LOG_ERROR`` = 2^-80. What underflows in a quotient, where x is below 2^-960, costs less than
``LOG_LOST`` = 2^-1068 more.
"""

import numpy as np
from flint import arb, ctx

from gradcert_oracle.wider.pairs import Array, Pair, fast_two_sum, product, quotient, two_sum

__all__ = ["LOG_ERROR", "LOG_LOST", "log1p"]

LOG_ERROR = 2.0**-80
"""The relative error of the logarithm, beside what it loses."""

LOG_LOST = 2.0**-1068
"""The most that the logarithm may lose to underflow."""

_PARTS = 64


def _rounded(values: list[arb]) -> Pair:
    heads = list(map(float, values))
    tails = [float(value - head) for value, head in zip(values, heads, strict=True)]
    return Pair(np.array(heads), np.array(tails))


with ctx.workprec(400):
    _LOGS = _rounded([(1 + arb(j) / _PARTS).log() for j in range(_PARTS + 1)])
    _LOGS_OF_TWO = _rounded([q * arb.const_log2() for q in range(64)])


def _sum(x: Pair, y: Pair) -> Pair:
    """Return ``x + y`` for any signs, with an error below 2^-100 of the larger."""
    head, tail = two_sum(x.head, y.head)
    return fast_two_sum(head, tail + (x.tail + y.tail))


def _entries(table: Pair, which: Array) -> Pair:
    return Pair(table.head[which], np.asarray(table.tail)[which])


def log1p(x: Pair) -> Pair:
    """Return ``ln(1 + x)`` for 0 <= x < 2^60.

    Examples
    --------
    >>> log1p(Pair(np.array([1e-20, 1.0]))).head.tolist()
    [1e-20, 0.6931471805599453]
    """
    x = Pair(x.head, np.broadcast_to(x.tail, x.head.shape))
    head, tail = two_sum(x.head, 1.0)
    mass = fast_two_sum(head, tail + x.tail)
    small = x.head < 1 / 128
    exponent = np.where(small, 0, np.frexp(mass.head)[1] - 1)
    m = Pair(np.ldexp(mass.head, -exponent), np.ldexp(mass.tail, -exponent))
    part = np.where(small, 0, np.rint((m.head - 1) * _PARTS).astype(np.int64))
    nearest = 1 + part / _PARTS
    off = _sum(m, Pair(-nearest))
    off = Pair(np.where(small, x.head, off.head), np.where(small, x.tail, off.tail))
    y = quotient(off, Pair(nearest))
    s = quotient(y, _sum(Pair(np.full_like(y.head, 2.0)), y))
    square = product(s, s)
    third = quotient(square, Pair(np.full_like(y.head, 3.0)))
    q = square.head
    rest = q * q * (1 / 5 + q * (1 / 7 + q * (1 / 9 + q * (1 / 11 + q / 13))))
    one_and = _sum(Pair(np.ones_like(q)), Pair(third.head, third.tail + rest))
    artanh = product(Pair(2 * s.head, 2 * np.asarray(s.tail)), one_and)
    logs = _sum(_entries(_LOGS_OF_TWO, exponent), _entries(_LOGS, part))
    return _sum(logs, artanh)
