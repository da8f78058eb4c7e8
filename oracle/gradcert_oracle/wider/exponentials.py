r"""The exponential of numbers that are not positive, from IEEE additions and products alone.

With L = ln 2 / 64, and x = head + tail <= 0:

.. math:: e^x = 2^q \, 2^{j / 64} \, e^r, \qquad k = 64 q + j = \mathrm{round}(x / L), \quad
          r = x - k L .

**Reduction.** The head is first raised to at least ``DEEPEST`` = -746, so |k| < 2^17. L is the sum
of L1 and L2, of 36 bits each, and L3, up to 2^-130. So ``k L1`` and ``k L2`` are exact. ``head - k
L1`` is exact too. It is less than 2^-7, because k is within 0.51 of x / L, and k times L2 and L3 is
below 2^-26. It is a multiple of 2^-60: ``k L1`` is a multiple of 2^-42, and if k is not zero, then
``|head| > 2^-8``, so the head is a multiple of 2^-60 too. So it has at most 53 bits, and |r| <
0.00552.

**Plain.** r is rounded and leaves out L3, an error below 2^-59. Taylor's polynomial of degree 6 has
a remainder below ``1.01 |r|^7 / 7! < 2^-64``. The relative errors are at most u for the table, u
for the last sum, and below u / 16 for each of the rest, as ``|e^r - 1| < 2^-7``. Together they are
below ``3 u < 2^-51``. A tail is not taken.

**Paired.** r is a pair with an error below 2^-95. Write ``e^r = 1 + r_head + t`` with ``t = r_tail
+ r^2/2 + ... + r^8/8!``. The remainder is below 2^-85. ``|t| < 2^-15.9``, so in binary64 t errs by
less than 4 roundings of it, below 2^-66.9. Replacing r by its head in the powers costs ``|r r_tail|
< 2^-67``, as ``|r_tail| < 2^-60``. In ``2^{j/64} e^r = T + T r_head + (T t + T_tail (1 + r_head))``
with T in [1, 2) the second term is an exact pair; the sum in brackets, below 2^-14.9, is rounded
three times by at most 2^-68.9. Relative to a result of at least 0.99 the sum of all is below 2^-64.

**Scaling.** 2^q comes from a table, and a product with it is exact unless it underflows. Then each
of head and tail loses at most 2^-1074 (the power itself may be zero). What lies below ``DEEPEST``,
-inf included, has an exponential below 2^-1076. So beside the relative error the result is off by
at most ``LOST`` = 2^-1072.

The two tables are rounded from balls of Arb, once, when this module is imported.
"""

import numpy as np
from flint import arb, ctx

from gradcert_oracle.wider.pairs import Array, Pair, fast_two_sum, in_blocks, two_product, two_sum

__all__ = ["DEEPEST", "LOST", "PAIRED_ERROR", "PLAIN_ERROR", "powers"]

DEEPEST = -746.0
"""What is below this has an exponential below 2^-1076."""

LOST = 2.0**-1072
"""The most that a result may lose to underflow, in the plain and in the paired form."""

PLAIN_ERROR = 2.0**-51
"""The relative error of the plain exponential, beside what it loses."""

PAIRED_ERROR = 2.0**-64
"""The relative error of the paired exponential, beside what it loses."""

_PARTS = 64


def _constants() -> tuple[tuple[float, float, float], Array, Array]:
    with ctx.workprec(400):
        step = arb.const_log2() / _PARTS
        first = int((step * 2.0**42).floor().unique_fmpz() or 0) * 2.0**-42
        second = int(((step - first) * 2.0**78).floor().unique_fmpz() or 0) * 2.0**-78
        third = float(step - first - second)
        roots = [(j * step).exp() for j in range(_PARTS)]
        heads = list(map(float, roots))
        tails = [float(root - head) for root, head in zip(roots, heads, strict=True)]
    return (first, second, third), np.array(heads), np.array(tails)


(_FIRST, _SECOND, _THIRD), _ROOTS, _ROOTS_TAILS = _constants()

_LOWEST = -1080
_SCALES = np.array([2.0**q if q >= -1074 else 0.0 for q in range(_LOWEST, 1)])
"""The powers of two from 2^-1080, which is zero, to 1."""

_FACTORS = tuple(1 / factor for factor in (40320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0))


@in_blocks
def powers(x: Pair, *, paired: bool) -> Pair:
    """Return ``exp(x)`` for x <= 0, -inf included, plain (the tail is 0.0) or paired.

    Examples
    --------
    >>> powers(Pair(np.array([0.0, -1.0, -np.inf])), paired=False).head.tolist()
    [1.0, 0.36787944117144233, 0.0]
    """
    head = np.maximum(x.head, DEEPEST)
    count = np.rint(head * (1 / (_FIRST + _SECOND)))
    whole = count.astype(np.int64)
    root = _ROOTS[whole & (_PARTS - 1)]
    scale = _SCALES[(whole >> 6) - _LOWEST]
    near = head - count * _FIRST
    if not paired:
        rest = near - count * _SECOND
        series = rest * _FACTORS[2]
        for factor in _FACTORS[3:]:
            series += factor
            series *= rest
        series *= rest
        series += rest
        return Pair((root + root * series) * scale)
    tail = np.where(x.head >= DEEPEST, x.tail, 0.0)
    reduced, lower = two_sum(near, -count * _SECOND)
    reduced, lower = two_sum(reduced, lower + (tail - count * _THIRD))
    series = reduced * _FACTORS[0]
    for factor in _FACTORS[1:]:
        series += factor
        series *= reduced
    series *= reduced
    series += lower
    moved = two_product(root, reduced)
    root_tail = _ROOTS_TAILS[whole & (_PARTS - 1)]
    bracket = root * series + (root_tail + root_tail * reduced)
    top, rounded = fast_two_sum(root, moved.head)
    top, rounded = fast_two_sum(top, rounded + (moved.tail + bracket))
    return Pair(top * scale, rounded * scale)
