"""The softmax of a batch of logits in a wider arithmetic: the powers of each row, and their sum.

With d = z - max z, the powers e^d have a relative error of at most :attr:`Batch.exp_error
<gradcert_oracle.batches.Batch.exp_error>`. Their sum S is at least 1, and its error is that of the
powers and of the sum. One class with the largest logit is left out of the sum and added last, so
that the sum of the others is as good relative to its own size.

A class may stand for several equal ones, see :mod:`~gradcert_oracle.kinds`. It counts as often in
every sum; the product with that number is one more rounding of a term, below 2^-98, and the bound
of a sum has room for it.
"""

from dataclasses import dataclass, replace

import numpy as np

from gradcert_oracle.rescaled_logits import RescaledLogits
from gradcert_oracle.wider import DEEPEST, Array, Pair, Wider, blocks

__all__ = ["Softmax"]


@dataclass(frozen=True)
class Softmax:
    """The shares of a batch of logits.

    Attributes
    ----------
    drops
        ``max z - z`` in binary64, at most 746: beyond that a power is below 2^-1076.
    powers
        The exponentials of ``z - max z``.
    top
        A class with the largest logit, for each row.
    others
        The sum of the powers of all classes but the top one.
    mass
        The sum of all powers.
    """

    drops: Array
    powers: Pair
    top: Array
    others: Pair
    mass: Pair

    @classmethod
    def of(
        cls, wider: Wider, z: Array, rescaled: RescaledLogits | None, counts: Array | None
    ) -> "Softmax":
        """Return the softmax of logits, or of what a loss makes of them.

        Parameters
        ----------
        wider
            The wider arithmetic.
        z
            The logits, an array of shape (rows, classes).
        rescaled
            The logits that the loss rescales; None if it does not.
        counts
            How many equal classes each class stands for; None for one.

        Examples
        --------
        >>> from gradcert_oracle.wider import PLAIN
        >>> found = Softmax.of(PLAIN, np.array([[0.0, 0.0, -np.inf]]), None, None)
        >>> found.powers.head.tolist(), found.mass.head.tolist()
        ([[1.0, 1.0, 0.0]], [2.0])
        """
        top = z.argmax(axis=1)
        places = np.arange(len(z)), top
        largest = z[places][:, None]
        drops, heads = np.empty_like(z), np.empty_like(z)
        tails = np.empty_like(z) if wider.paired else 0.0
        for part in blocks(z.shape[1]):
            if rescaled is None:
                differences = wider.difference(z[:, part], largest)
            else:
                differences = rescaled.differences.of(slice(None), part)
            heads[:, part], tail = wider.exp(differences)
            if not isinstance(tails, float):
                tails[:, part] = tail
            np.negative(differences.head, out=drops[:, part])
        if drops.max() > -DEEPEST:
            np.minimum(drops, -DEEPEST, out=drops)
        powers = Pair(heads, tails)
        heads[places] = 0  # The power of zero is exactly one; its tail is zero.
        if counts is None:
            others = wider.total(powers)
        else:
            others = wider.total(wider.product(powers, wider.number(counts)))
            others = wider.plus(others, wider.number(counts[places] - 1))
        heads[places] = 1
        return cls(drops, powers, top, others, wider.plus(wider.number(1.0), others))

    def part(self, classes: slice) -> "Softmax":
        """Return the shares of some of the classes; `top` counts all classes."""
        heads, tails = self.powers
        tail = tails if isinstance(tails, float) else tails[:, classes]
        powers = Pair(heads[:, classes], tail)
        return replace(self, drops=self.drops[:, classes], powers=powers)

    def weighted_sum(self, sizes: Array, counts: Array | None) -> Array:
        """Return ``sum_k o_k x_k`` of each row, in binary64.

        It is below the true sum by no more than a part in 2^-20. Terms with ``|d_k| > 32`` are left
        out.

        Parameters
        ----------
        sizes
            The x_k, which are not negative, an array of shape (rows, classes).
        counts
            How many equal classes each class stands for; None for one.

        Examples
        --------
        >>> from gradcert_oracle.wider import PLAIN
        >>> found = Softmax.of(PLAIN, np.zeros((1, 2)), None, None)
        >>> found.weighted_sum(np.array([[1.0, 3.0]]), None).tolist()
        [2.0]
        """
        weighted = np.zeros(len(self.top))
        for part in blocks(sizes.shape[1]):
            drops = self.drops[:, part]
            terms = sizes[:, part] * self.powers.head[:, part]
            if counts is not None:
                terms *= counts[:, part]
            if drops.max() > 32:
                terms[drops > 32] = 0
            weighted += terms.sum(axis=1)
        return weighted / self.mass.head
