r"""The exponential of numbers that are not positive, from IEEE additions and products alone.

With L = ln 2 / 2048, and x = head + tail <= 0:

.. math:: e^x = 2^q \, 2^{j / 2048} \, e^r, \qquad k = 2048 q + j = \mathrm{round}(x / L), \quad
          r = x - k L .

The table is large, so that r is small and few operations are left. With u = 2^-53:

**Reduction.** The head is first raised to at least ``DEEPEST`` = -746, so |k| < 2^22. L is the sum
of L1, a multiple of 2^-42 below 2^-11, and L2, below 2^-42 and rounded to binary64. So ``k L1`` is
exact. ``head - k L1`` is exact too. It is less than 2^-12, because k is within 0.51 of x / L, and k
times L2 is below 2^-20. It is a multiple of 2^-65: ``k L1`` is a multiple of 2^-42, and if k is not
zero, then ``|head| > 2^-13``, so the head is a multiple of 2^-65. So it has at most 53 bits, and
``|r| < 2^-12.4``.

**Plain.** r is rounded twice, an error below 2^-64 in all. Taylor's polynomial of degree 3 has a
remainder below ``1.01 r^4 / 4! < 2^-54``. The relative errors are at most u for the table, u for
the last sum, and u / 16 for all the rest, as ``|e^r - 1| < 2^-12``. Together with the remainder
they are below ``3 u < 2^-51``. A tail is not taken.

**Paired.** The tail is below 2^-43. ``tail - k L2``, below 2^-19, has an error of at most 2^-72
with those of the product and of L2. Its sum with ``head - k L1`` is rounded by at most 2^-66. So r
has an error below 2^-65.9. Taylor's polynomial s of ``e^r - 1`` has degree 4 and a remainder below
``1.01 |r|^5 / 5! < 2^-68.8``. Its terms of second degree and more are below 2^-25.7, so that their
roundings cost less than 2^-75, and the last sum is rounded by at most 2^-66. So s has an error
below 2^-64.8. The result is ``T + (T s + T_tail)`` with T in [1, 2). Relative to T, the product and
the sum in brackets are rounded by at most ``u |s| < 2^-65.3`` each, and ``T_tail s``, which is left
out, is below that too. The last sum is an exact pair. ``2^-64.8 + 3 2^-65.3``, relative to e^r, is
below 2^-63.

**Scaling.** 2^q comes from a table, and a product with it is exact unless it underflows. Then each
of head and tail loses at most 2^-1074 (the power itself may be zero). What lies below ``DEEPEST``,
-inf included, has an exponential below 2^-1076. So beside the relative error the result is off by
at most ``LOST`` = 2^-1072.

The two tables are rounded from balls of Arb, once, when this module is imported.
"""

import numpy as np
from flint import arb, ctx

from gradcert_oracle.wider.pairs import Array, Pair, fast_two_sum, in_blocks

__all__ = ["DEEPEST", "LOST", "PAIRED_ERROR", "PLAIN_ERROR", "powers"]

DEEPEST = -746.0
"""What is below this has an exponential below 2^-1076."""

LOST = 2.0**-1072
"""The most that a result may lose to underflow, in the plain and in the paired form."""

PLAIN_ERROR = 2.0**-51
"""The relative error of the plain exponential, beside what it loses."""

PAIRED_ERROR = 2.0**-63
"""The relative error of the paired exponential, beside what it loses."""

_BITS = 11
_PARTS = 1 << _BITS


def _constants() -> tuple[tuple[float, float], Array, Array]:
    with ctx.workprec(400):
        step = arb.const_log2() / _PARTS
        first = int((step * 2.0**42).floor().unique_fmpz() or 0) * 2.0**-42
        roots = [(j * step).exp() for j in range(_PARTS)]
        heads = list(map(float, roots))
        tails = [float(root - head) for root, head in zip(roots, heads, strict=True)]
        return (first, float(step - first)), np.array(heads), np.array(tails)


(_FIRST, _SECOND), _ROOTS, _ROOTS_TAILS = _constants()

_LOWEST = -1080
_SCALES = np.array([2.0**q if q >= -1074 else 0.0 for q in range(_LOWEST, 1)])
"""The powers of two from 2^-1080, which is zero, to 1."""


@in_blocks
def powers(x: Pair, *, paired: bool) -> Pair:
    """Return ``exp(x)`` for x <= 0, -inf included, plain (the tail is 0.0) or paired.

    Examples
    --------
    >>> powers(Pair(np.array([0.0, -1.0, -np.inf])), paired=False).head.tolist()
    [1.0, 0.36787944117144233, 0.0]
    """
    head, tail = x
    deep = head < DEEPEST
    if deep.any():
        head, tail = np.maximum(head, DEEPEST), np.where(deep, 0.0, tail)
    count = np.rint(head * (1 / (_FIRST + _SECOND)))
    whole = count.astype(np.int64)
    which = whole & (_PARTS - 1)
    root = _ROOTS.take(which)
    scale = _SCALES.take((whole >> _BITS) - _LOWEST)
    near, lower = head - count * _FIRST, count * _SECOND
    if not paired:
        rest = near - lower
        series = (rest * (1 / 6) + 1 / 2) * rest * rest + rest
        return Pair((root + root * series) * scale)
    rest = near + (tail - lower)
    series = ((rest * (1 / 24) + 1 / 6) * rest + 1 / 2) * rest * rest + rest
    top, rounded = fast_two_sum(root, root * series + _ROOTS_TAILS.take(which))
    return Pair(top * scale, rounded * scale)
