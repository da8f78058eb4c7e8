"""Batches of rows in a wider arithmetic: their targets and shares, and how well they are known.

A batch has the arguments of a quantity, and computes once what the screens share. With T the sum of
the targets and S that of the powers, see :mod:`~gradcert_oracle.softmaxes`, a product of a power
with T / S has the relative error :attr:`Batch.error`: two times that of a power, two times that of
a sum, and five operations, times 1.01 for the products of these errors. Targets may be negative.
Then it is relative to a product with W / S, where W is the sum of the sizes ``|t_k|``, because T is
the difference of two sums. What the power and the product lose to underflow is below ``(|T| + 1)
2^-1068``, :meth:`Batch.lost`.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from gradcert_oracle.kinds import Kinds
from gradcert_oracle.means import Mean
from gradcert_oracle.rescaled_logits import RescaledLogits, Rescaling
from gradcert_oracle.softmaxes import Softmax
from gradcert_oracle.wider import Array, Balance, Pair, Wider, log1p

__all__ = ["Batch", "Pull", "Widths"]


@dataclass(frozen=True)
class Widths:
    """Radii of the textbook's balls of what multiplies the terms of each row, beside their sizes.

    Attributes
    ----------
    front
        That of the factor of the row.
    square
        That of the factor of a z-loss.
    """

    front: Array
    square: Array

    def of(self, rows: Array) -> "Widths":
        """Return those of some rows."""
        return Widths(self.front[rows], self.square[rows])


@dataclass(frozen=True)
class Pull:
    """What multiplies the share of each class: the sum of the targets, and what a z-loss adds.

    Attributes
    ----------
    total
        ``A + q L`` of each row.
    sizes
        ``W + |q L|``.
    known
        The error of the total is that of :attr:`Batch.error` times this, or less.
    """

    total: Pair
    sizes: Array
    known: Array


@dataclass(frozen=True)
class Batch:
    """The arguments of a quantity, binary64 arrays of shape (rows, classes), in its domain.

    Attributes
    ----------
    arguments
        The arrays by name.
    arithmetic
        The wider arithmetic.
    counts
        How many equal classes each class stands for, an array of the same shape; None for one.
    factors
        What the values of each row are multiplied by, numbers of shape (rows,); None for one.
    squares
        The q of each row: what a z-loss has of L in a gradient, or of its square in a loss, before
        the factors. None without a z-loss.
    rescaling
        How a loss rescales its logits; None if it does not.
    widths
        How wide the balls of the factors are; None where there are none.
    """

    arguments: Mapping[str, Array]
    arithmetic: Wider
    counts: Array | None = field(default=None, kw_only=True)
    factors: Pair | None = field(default=None, kw_only=True)
    squares: Pair | None = field(default=None, kw_only=True)
    rescaling: Rescaling | None = field(default=None, kw_only=True)
    widths: Widths | None = field(default=None, kw_only=True)

    def __getitem__(self, name: str) -> Array:
        """Return the argument of this name."""
        return self.arguments[name]

    @functools.cached_property
    def classes(self) -> int:
        """The number of classes of a whole row."""
        return self.columns if self.counts is None else int(self.counts[0].sum())

    @property
    def columns(self) -> int:
        """The number of columns of the arrays: classes that stand for equal ones count once."""
        columns: int = next(iter(self.arguments.values())).shape[1]
        return columns

    def _weighted(self, numbers: Pair) -> Pair:
        """Return a number of each class times the classes that it stands for."""
        if self.counts is None:
            return numbers
        return self.arithmetic.product(numbers, self.arithmetic.number(self.counts))

    def of_kinds(self, kinds: Kinds) -> "Batch":
        """Return the batch with one class for each kind."""
        arguments = {name: kinds.of(array) for name, array in self.arguments.items()}
        return replace(self, arguments=arguments, counts=kinds.counts)

    def of_rows(self, rows: Array) -> "Batch":
        """Return the batch of some of its rows."""
        arguments = {name: array[rows] for name, array in self.arguments.items()}
        counts = None if self.counts is None else self.counts[rows]
        return replace(
            self,
            arguments=arguments,
            counts=counts,
            factors=self.factors and self.factors.of(rows),
            squares=self.squares and self.squares.of(rows),
            widths=self.widths and self.widths.of(rows),
        )

    @functools.cached_property
    def rescaled(self) -> RescaledLogits | None:
        """The logits that the loss rescales; None if it does not."""
        if self.rescaling is None:
            return None
        return self.rescaling.apply(self["logits"], self.arithmetic)

    @functools.cached_property
    def differences(self) -> Pair:
        """``u - max u``, which may be -inf; u is z unless the loss rescales it."""
        if self.rescaled is not None:
            return self.rescaled.differences
        return self.arithmetic.difference(self["logits"], self.largest.head[:, None])

    @functools.cached_property
    def softmax(self) -> Softmax:
        """The shares of the logits."""
        return Softmax.of(self.arithmetic, self["logits"], self.rescaled, self.counts)

    @property
    def target_numbers(self) -> Pair:
        """The targets, which have tails where a loss makes them of those that are given."""
        return Pair(self["targets"], self.arguments.get("tails", 0.0))

    @functools.cached_property
    def targets(self) -> Balance:
        """The sum T of the targets of each row, and W of their sizes."""
        targets = self["targets"]
        counts = 1.0 if self.counts is None else self.counts
        if "tails" not in self.arguments and (((targets != 0) * counts).sum(axis=1) <= 1).all():
            mass = (targets * counts).sum(axis=1)  # It is exact.
            return Balance(self.arithmetic.number(mass), np.abs(mass))
        return self.arithmetic.balance(self._weighted(self.target_numbers))

    @functools.cached_property
    def target_radii(self) -> Array:
        """``sum_k R_k`` of each row, with R_k a lower bound of the radius of the ball of t_k."""
        radii = self.arguments.get("radii")
        if radii is None:
            return np.zeros(len(self["targets"]))
        total: Array = (radii if self.counts is None else radii * self.counts).sum(axis=1)
        return total

    @functools.cached_property
    def moved(self) -> Balance:
        """``sum_j t_j |d_j|``, where a class without a target may have a logit of -inf."""
        t, differences, wider = self["targets"], self.differences, self.arithmetic
        heads = np.where(t == 0, 0, -differences.head)
        tails = differences.tail
        if not isinstance(tails, float):
            tails = np.where(t == 0, 0, -tails)
        return wider.balance(self._weighted(wider.product(self.target_numbers, Pair(heads, tails))))

    @functools.cached_property
    def mean(self) -> Mean:
        """The mean of v under the shares."""
        powers, mass = self.softmax.powers, self.softmax.mass
        return Mean.of(self.arithmetic, powers, mass, self["v"], self.moves, self.counts)

    @functools.cached_property
    def pull(self) -> Pull:
        r"""``A + q L``, and how well it is known.

        With m = max u, the sum ``L = m + ln S`` has an error of at most half of :attr:`error` for
        the logarithm, that of m, and three units of ``|m| + ln S``: less than :attr:`error` times
        ``|m| + ln S + 1`` in all. A row where L cancels so far that little is known of its size,
        and that has no targets beside it, is left to the judge.
        """
        mass = self.targets
        if self.squares is None:
            return Pull(mass.total, mass.sizes, mass.sizes)
        wider, size = self.arithmetic, np.abs(self.squares.head)
        square = wider.product(self.squares, self.log_sum)
        total = wider.less(mass.total, square.times(-1.0))
        sizes = mass.sizes + np.abs(square.head)
        known = mass.sizes + size * self.log_size
        heads = np.where(sizes < known * 2.0**-20, np.nan, total.head)
        return Pull(Pair(heads, total.tail), sizes, known)

    @functools.cached_property
    def largest(self) -> Pair:
        """The largest rescaled logit of each row."""
        if self.rescaled is not None:
            return self.rescaled.largest
        return self.arithmetic.number(self["logits"].max(axis=1))

    @functools.cached_property
    def log_sum(self) -> Pair:
        """L, the log-sum-exp of each row."""
        return self.arithmetic.less(self.largest, self.log_mass.times(-1.0))

    @functools.cached_property
    def log_size(self) -> Array:
        """``|max u| + ln S + 1``, beside which L is known."""
        size: Array = np.abs(self.largest.head) + self.log_mass.head + 1
        return size

    @property
    def targets_below(self) -> Array:
        """``sum_j |t_j|`` of each row over the classes whose logit is not the largest one."""
        sizes = np.abs(self["targets"]) * (self.softmax.drops > 0)
        below: Array = (sizes if self.counts is None else sizes * self.counts).sum(axis=1)
        return below

    @functools.cached_property
    def moves_of_targets(self) -> Array:
        """``sum_j |t_j| x_j`` of each row, with x = :attr:`moves`, in binary64."""
        if self.rescaled is None:
            return self.moved.sizes
        terms = np.abs(self["targets"]) * self.rescaled.moves
        sizes: Array = (terms if self.counts is None else terms * self.counts).sum(axis=1)
        return sizes

    @property
    def exp_error(self) -> float:
        """A bound of the relative error of a power, beside what underflows."""
        own = self.arithmetic.exp_error
        return own if self.rescaled is None else own + 1.01 * self.rescaled.error

    @property
    def error(self) -> float:
        """A bound of the error of ``o_j T``, relative to ``o_j W``."""
        wider = self.arithmetic
        total = wider.total_error(self.classes)
        return 1.01 * (2 * self.exp_error + 2 * total + 5 * wider.unit)

    @staticmethod
    def lost(mass: Array) -> Array:
        """Return what underflow may cost a share times this number, for each row."""
        lost: Array = (np.abs(mass) + 1) * 2.0**-1068
        return lost

    @functools.cached_property
    def log_mass(self) -> Pair:
        """``ln sum_k e^{d_k}`` of each row."""
        logarithm = log1p(self.softmax.others)
        return logarithm if self.arithmetic.paired else Pair(logarithm.head)

    @property
    def moves(self) -> Array:
        """The half width of the ball of each exponent, in units, or less."""
        return self.softmax.drops if self.rescaled is None else self.rescaled.moves

    @functools.cached_property
    def weighted_drop(self) -> Array:
        """``sum_k o_k |d_k|`` of each row, in binary64; below it by no more than a part in 2^-20.

        Terms with ``|d_k| > 32`` are left out.
        """
        return self.softmax.weighted_sum(self.softmax.drops, self.counts)

    @functools.cached_property
    def weighted_move(self) -> Array:
        """``sum_k o_k x_k`` of each row, with x = :attr:`moves`, in the same way."""
        if self.rescaled is None:
            return self.weighted_drop
        return self.softmax.weighted_sum(self.moves, self.counts)
