"""The mean of a vector v under the shares of a row, ``m = sum_k o_k v_k``, in a wider arithmetic.

Its error. A product of a power and v_k has the relative error of the power and one rounding. Their
sum has that of a sum, beside the sum of the sizes, and so has the sum of the powers that divides
it. That is less than :attr:`Batch.error <gradcert_oracle.batches.Batch.error>` times ``sum_k
|o_k v_k|``, which has room for one more operation.
"""

from dataclasses import dataclass

import numpy as np

from gradcert_oracle.wider import Array, Pair, Wider

__all__ = ["Mean"]


@dataclass(frozen=True)
class Mean:
    """What is known of v in each row; numbers of shape (rows,).

    Attributes
    ----------
    value
        m.
    size
        ``sum_k |o_k v_k|``, in binary64.
    moved
        ``sum_k |o_k v_k| x_k``, with x_k the half width of the exponent's ball in units, or less.
    largest, whole
        The largest ``|v_k|``, and their sum.
    """

    value: Pair
    size: Array
    moved: Array
    largest: Array
    whole: Array

    @classmethod
    def of(
        cls, wider: Wider, powers: Pair, mass: Pair, v: Array, moves: Array, counts: Array | None
    ) -> "Mean":
        """Return the mean of v, where the powers are those of the classes and mass is their sum."""
        terms = wider.product(powers, wider.number(v))
        sizes = np.abs(v)
        if counts is not None:
            terms = wider.product(terms, wider.number(counts))
            sizes = sizes * counts
        balance = wider.balance(terms)
        moved = (sizes * powers.head * moves).sum(axis=1)
        return cls(
            wider.quotient(balance.total, mass),
            balance.sizes / mass.head,
            moved / mass.head,
            np.abs(v).max(axis=1),
            sizes.sum(axis=1),
        )
