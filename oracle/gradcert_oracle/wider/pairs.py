r"""Pairs of binary64 numbers: 106 bits from the additions and products of IEEE 754.

A *pair* is an unevaluated sum ``head + tail``. It is *normal* if ``|tail| <= 2^-53 |head|``, as the
head is the sum rounded to nearest. With u = 2^-53, and as long as nothing overflows:

- `two_sum` is exact (Knuth). Addition never underflows with an error.
- `fast_two_sum` is exact if ``|a| >= |b|`` or a is zero (Dekker).
- `two_product` is exact (Dekker, Veltkamp) if nothing underflows. Each of its products, and of
  those in `product`, loses at most 2^-1075 to underflow, and there are fewer than 16 in all.
- `plus` of two normal pairs of one sign has a relative error below 2^-100: the sum of the tails and
  the sum with the error of the heads are rounded, each by at most ``u 4 u |sum|``.
- `product` of two normal pairs has a relative error below 2^-100, and loses at most 2^-1070: it
  leaves out ``tail tail``, below ``u^2``, and rounds four terms and sums, each below ``4 u |xy|``.
- `quotient` has a relative error below 2^-98 if nothing underflows. The remainder ``x - q y`` is
  known up to ``8 u^2 |x|``; its quotient, below ``4 u |x / y|``, is rounded twice.
- `total` adds halves, and in rows of more than 4096 classes the sums of blocks. Its depth is at
  most ``ceil(log2 n) + 1``, so for up to 2^20 terms of one sign the relative error is below ``21 *
  1.01 * 2^-100 < 2^-95``.

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

_BLOCK = 4096
"""Classes that are computed together, so that what is in between stays in the cache."""


class Pair(NamedTuple):
    """The numbers ``head + tail``, arrays of one shape; a tail of 0.0 serves a whole array."""

    head: Array
    tail: Array | float = 0.0

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


def in_blocks(function: Callable[..., Pair]) -> Callable[..., Pair]:
    """Let a function of pairs, class by class, compute wide rows in blocks."""

    @functools.wraps(function)
    def blocked(*numbers: Pair, **options: bool) -> Pair:
        classes = max(one.head.shape[-1] for one in numbers) if numbers[0].head.ndim else 1
        if classes <= _BLOCK:
            return function(*numbers, **options)
        parts = [slice(start, start + _BLOCK) for start in range(0, classes, _BLOCK)]
        found = [function(*(_part(one, part) for one in numbers), **options) for part in parts]
        heads, tails = zip(*found, strict=True)
        tail = 0.0 if isinstance(tails[0], float) else np.concatenate(tails, axis=-1)
        return Pair(np.concatenate(heads, axis=-1), tail)

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


def _split(a: Array) -> tuple[Array, Array]:
    """Return two parts of 26 bits, of which `a` is the exact sum."""
    large = _SPLITTER * a
    high = large - (large - a)
    return high, a - high


def two_product(a: Array, b: Array) -> Pair:
    """Return ``a b`` exactly, if nothing underflows.

    Examples
    --------
    >>> product = two_product(np.array([1 + 2.0**-52]), np.array([1 - 2.0**-52]))
    >>> product.head.tolist(), product.tail.tolist() == [-(2.0**-104)]
    ([1.0], True)
    """
    head = a * b
    (a_high, a_low), (b_high, b_low) = _split(a), _split(b)
    rest = ((a_high * b_high - head) + a_high * b_low) + a_low * b_high
    return Pair(head, rest + a_low * b_low)


def plus(x: Pair, y: Pair) -> Pair:
    """Return ``x + y`` for pairs of one sign."""
    head, tail = two_sum(x.head, y.head)
    return fast_two_sum(head, tail + (x.tail + y.tail))


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
    head = x.head
    tail: Array = np.broadcast_to(x.tail, head.shape)
    if head.shape[-1] > _BLOCK:
        parts = [slice(start, start + _BLOCK) for start in range(0, head.shape[-1], _BLOCK)]
        sums = [total(Pair(head[..., part], tail[..., part])) for part in parts]
        heads, tails = zip(*sums, strict=True)
        return total(Pair(np.stack(heads, axis=-1), np.stack(tails, axis=-1)))
    while head.shape[-1] > 1:
        even = head.shape[-1] // 2
        left = Pair(head[..., :even], tail[..., :even])
        summed = plus(left, Pair(head[..., even : 2 * even], tail[..., even : 2 * even]))
        odd = slice(2 * even, None)
        head = np.concatenate([summed.head, head[..., odd]], axis=-1)
        tail = np.concatenate([np.asarray(summed.tail), tail[..., odd]], axis=-1)
    return Pair(head[..., 0], tail[..., 0])
