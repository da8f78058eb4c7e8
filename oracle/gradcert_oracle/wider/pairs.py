r"""Pairs of binary64 numbers: 106 bits from the additions and products of IEEE 754.

A *pair* is an unevaluated sum ``head + tail``. It is *normal* if ``|tail| <= 2^-53 |head|``, as the
head is the sum rounded to nearest. With u = 2^-53, and as long as nothing overflows:

- `two_sum` is exact (Knuth). Addition never underflows with an error.
- `fast_two_sum` is exact if ``|a| >= |b|`` or a is zero (Dekker).
- `two_product` is exact (Dekker) if nothing underflows. Its first factor is cut after 26 bits,
  which leaves 27; the second is split into 26 bits and 26 with a sign (Veltkamp). So every product
  of two parts has at most 53 bits. Each of these products, and of those in `product`, loses at most
  2^-1075 to underflow, and there are fewer than 16 in all.
- `plus` of two normal pairs of one sign has a relative error below 2^-100: the sum of the tails and
  the sum with the error of the heads are rounded, each by at most ``u 4 u |sum|``.
- `product` of two normal pairs has a relative error below 2^-100, and loses at most 2^-1070: it
  leaves out ``tail tail``, below ``u^2``, and rounds four terms and sums, each below ``4 u |xy|``.
- `quotient` has a relative error below 2^-98 if nothing underflows. The remainder ``x - q y`` is
  known up to ``8 u^2 |x|``; its quotient, below ``4 u |x / y|``, is rounded twice.
- `total` has an error below 2^-67 of the sum of the sizes, for up to 2^20 terms. With n <= 2^G
  terms and M a power of two that is no smaller than any, a head is the sum of a multiple of
  ``2^{G - 52} M`` and a rest of at most half of that. The sum of the multiples is at most ``2^G
  M``, so it is exact in any order. For G <= 12 the sum of the rests, in any order, is off by at
  most ``n u`` of the sum of their sizes, 2^-70 M. For more terms the rests are taken apart in the
  same way. A part of them is left, and its sum is off by at most 2^-78 M. The sum of the tails is
  off by ``n u`` of their sizes, and the last additions by less than 2^-80 M. M is at most twice the
  largest size.

References: Dekker, "A floating-point technique for extending the available precision", Numer. Math.
18 (1971); Ogita, Rump and Oishi, "Accurate sum and dot product", SIAM J. Sci. Comput. 26 (2005);
Joldes, Muller and Popescu, "Tight and rigorous error bounds for basic building blocks of
double-word arithmetic", ACM Trans. Math. Softw. 44 (2017).
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Array",
    "Pair",
    "blocks",
    "difference",
    "fast_two_sum",
    "in_blocks",
    "plus",
    "product",
    "quotient",
    "total",
    "two_product",
    "two_sum",
]

Array = NDArray[Any]

_SPLITTER = 2.0**27 + 1

_FIRST_BITS = ~((1 << 27) - 1)
"""The sign, the exponent and the first 26 bits of a binary64 number."""

_FEW = 12
"""The power of two of the terms of which the rests are not taken apart again."""

_BLOCK = 1 << 15
"""Classes that are computed together, so that what is in between stays in the cache."""


class Pair(NamedTuple):
    """The numbers ``head + tail``, arrays of one shape; a tail of 0.0 serves a whole array."""

    head: Array
    tail: Array | float = 0.0

    def of(self, *places: Array | slice | None) -> "Pair":
        """Return some of the numbers."""
        tail = self.tail if isinstance(self.tail, float) else self.tail[places]
        return Pair(self.head[places], tail)

    def times(self, powers: float | Array) -> "Pair":
        """Return the numbers times powers of two of any sign."""
        tail = self.tail if isinstance(self.tail, float) else self.tail * powers
        return Pair(self.head * powers, tail)

    def per_row(self) -> "Pair":
        """Return numbers of shape (rows,) with another axis, to combine them with each class."""
        tail = self.tail if isinstance(self.tail, float) else self.tail[..., None]
        return Pair(self.head[..., None], tail)


def _part(numbers: Pair, part: slice) -> Pair:
    """Return some of the classes of rows; what is one number for each row stays so."""
    if numbers.head.shape[-1] == 1:
        return numbers
    tail = numbers.tail if isinstance(numbers.tail, float) else numbers.tail[..., part]
    return Pair(numbers.head[..., part], tail)


def blocks(classes: int, most: int = _BLOCK) -> list[slice]:
    """Return where the classes of a wide row are cut.

    Examples
    --------
    >>> blocks(5, most=3)
    [slice(0, 3, None), slice(3, 6, None)]
    """
    return [slice(start, start + most) for start in range(0, classes, most)]


def in_blocks(function: Callable[..., Pair]) -> Callable[..., Pair]:
    """Let a function of pairs, class by class, compute wide rows in blocks."""

    @functools.wraps(function)
    def blocked(*numbers: Pair, **options: bool) -> Pair:
        classes = max(one.head.shape[-1] for one in numbers) if numbers[0].head.ndim else 1
        if classes <= _BLOCK:
            return function(*numbers, **options)
        heads, tails = np.empty(np.broadcast_shapes(*(x.head.shape for x in numbers))), None
        for part in blocks(classes):
            head, tail = function(*(_part(one, part) for one in numbers), **options)
            heads[..., part] = head
            if not isinstance(tail, float):
                tails = np.empty_like(heads) if tails is None else tails
                tails[..., part] = tail
        return Pair(heads, 0.0 if tails is None else tails)

    return blocked


def two_sum(a: Array, b: Array | float) -> Pair:
    """Return ``a + b`` exactly."""
    head = a + b
    moved = head - a
    return Pair(head, (a - (head - moved)) + (b - moved))


def fast_two_sum(a: Array, b: Array | float) -> Pair:
    """Return ``a + b`` exactly where ``|a| >= |b|``."""
    head = a + b
    return Pair(head, b - (head - a))


def _cut(a: Array) -> tuple[Array, Array]:
    """Return the first 26 bits of `a` and the rest, which has 27."""
    high = (a.view(np.int64) & _FIRST_BITS).view(np.float64)
    return high, a - high


def _split(a: Array) -> tuple[Array, Array]:
    """Return two parts of 26 bits, of which `a` is the exact sum."""
    large = _SPLITTER * a
    high = large - (large - a)
    return high, a - high


def two_product(a: Array, b: Array) -> Pair:
    """Return ``a b`` exactly, if nothing underflows. It is faster if `b` is the smaller array.

    Examples
    --------
    >>> product = two_product(np.array([1 + 2.0**-52]), np.array([1 - 2.0**-52]))
    >>> product.head.tolist(), product.tail.tolist() == [-(2.0**-104)]
    ([1.0], True)
    """
    head = a * b
    (a_high, a_low), (b_high, b_low) = _cut(a), _split(b)
    rest = ((a_high * b_high - head) + a_high * b_low) + a_low * b_high
    return Pair(head, rest + a_low * b_low)


def plus(x: Pair, y: Pair) -> Pair:
    """Return ``x + y`` for pairs of one sign."""
    head, tail = two_sum(x.head, y.head)
    return fast_two_sum(head, tail + (x.tail + y.tail))


@in_blocks
def difference(x: Pair, y: Pair) -> Pair:
    """Return ``x - y`` of two binary64 numbers exactly."""
    return two_sum(x.head, -y.head)


@in_blocks
def product(x: Pair, y: Pair) -> Pair:
    """Return ``x y``."""
    head, tail = two_product(x.head, y.head)
    return fast_two_sum(head, tail + (x.head * y.tail + x.tail * y.head))


def quotient(x: Pair, y: Pair) -> Pair:
    """Return ``x / y``."""
    first = x.head / y.head
    head, tail = two_product(first, y.head)
    rest = (((x.head - head) - tail) + x.tail) - first * y.tail
    return fast_two_sum(first, rest / y.head)


def total(x: Pair) -> Pair:
    """Return the sums over the last axis, of numbers of one sign.

    Examples
    --------
    >>> total(Pair(np.array([[1.0, 2.0**-80, 1.0]]), np.zeros((1, 3))))
    Pair(head=array([2.]), tail=array([8.27180613e-25]))
    """
    rest, tails = x
    power = (rest.shape[-1] - 1).bit_length()
    _, exponent = np.frexp(np.abs(rest).max(axis=-1, keepdims=True))
    sums = []
    for _ in range(1 if power <= _FEW else 2):
        large = np.ldexp(1.5, exponent + power)
        multiple = (rest + large) - large
        sums.append(multiple.sum(axis=-1))
        rest = rest - multiple
        exponent += power - 52
    head, tail = two_sum(*sums) if len(sums) == 2 else Pair(sums[0])
    tail = tail + rest.sum(axis=-1)
    return two_sum(head, tail if isinstance(tails, float) else tail + tails.sum(axis=-1))
