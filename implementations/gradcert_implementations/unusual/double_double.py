"""The sum and the quotient in pairs of numbers of the format, with twice its digits.

Where a processor has no wider format, a number is kept as a sum of two: the nearest number of the
format and what it misses. The operations are those of T. J. Dekker, "A floating-point technique for
extending the available precision", Numer. Math. 18 (1971). A probability is such a pair too, and
the target is subtracted from it before it is rounded.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]

_SPLITTERS = {np.dtype(np.float64): 2.0**27 + 1, np.dtype(np.float32): 2.0**12 + 1}
"""Each splits a number of a format into two halves of its digits."""


def _sum_of_two(a: Array, b: Array) -> tuple[Array, Array]:
    """Return ``a + b`` rounded, and what the rounding lost."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _product_of_two(a: Array, b: Array) -> tuple[Array, Array]:
    """Return ``a b`` rounded, and what the rounding lost."""
    splitter = a.dtype.type(_SPLITTERS[a.dtype])
    product, halves = a * b, []
    for factor in (a, b):
        scaled = splitter * factor
        high = scaled - (scaled - factor)
        halves.append((high, factor - high))
    (a1, a2), (b1, b2) = halves
    return product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2


def _sum(terms: Array) -> tuple[Array, Array]:
    """Return the sum of each row as a pair, the halves of the row added to each other."""
    high, low = terms, np.zeros_like(terms)
    while high.shape[1] > 1:
        if high.shape[1] % 2:
            high, low = (np.pad(part, ((0, 0), (0, 1))) for part in (high, low))
        middle = high.shape[1] // 2
        total, lost = _sum_of_two(high[:, :middle], high[:, middle:])
        low = lost + (low[:, :middle] + low[:, middle:])
        high, low = _sum_of_two(total, low)
    return high, low


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with ``sum_k exp(z_k - m)`` and ``o_j`` as pairs.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    high, low = _sum(powers)
    quotient = powers / high
    product, lost = _product_of_two(quotient, high)
    rest = (((powers - product) - lost) - quotient * low) / high
    difference, missed = _sum_of_two(quotient, -targets)
    exact: Array = difference + (missed + rest)
    return exact


implementation = Implementation(name="double-double", functions={"dE/dz": gradient})
