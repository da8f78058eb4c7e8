r"""Batches of rows in a wider arithmetic: the shares of their logits, and how well they are known.

The reference of a softmax. With d = z - max z, the powers e^d have a relative error of at most
``exp_error``. Their sum S is at least 1, and its error is that of the powers and of the sum. One
class with the largest logit is left out of the sum and added last, so that the sum of the others is
as good relative to its own size. Then a product with T / S, where T is the sum of the targets, has
the relative error :attr:`Batch.error`: two times that of a power, two times that of a sum, and five
operations, times 1.01 for the products of these errors. Targets may be negative. Then it is
relative to a product with W / S, where W is the sum of the sizes ``|t_k|``, because T is the
difference of two sums. What the power and the product lose to underflow is below ``(|T| + 1)
2^-1068``, :meth:`Batch.lost`.

A class may stand for several equal ones, see :mod:`~gradcert_oracle.kinds`. It counts as often in
every sum; the product with that number is one more rounding of a term, below 2^-98, and the bound
of a sum has room for it.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from gradcert_oracle.kinds import Kinds
from gradcert_oracle.means import Mean
from gradcert_oracle.rescaled_logits import RescaledLogits, Rescaling
from gradcert_oracle.wider import DEEPEST, Array, Balance, Pair, Wider, blocks, log1p

__all__ = ["Batch", "Pull", "Rounding", "Softmax", "Widths"]


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

    def part(self, classes: slice) -> "Softmax":
        """Return the shares of some of the classes; `top` counts all classes."""
        heads, tails = self.powers
        tail = tails if isinstance(tails, float) else tails[:, classes]
        powers = Pair(heads[:, classes], tail)
        return replace(self, drops=self.drops[:, classes], powers=powers)


@dataclass(frozen=True)
class Rounding:
    """How a textbook algorithm rounds.

    Attributes
    ----------
    precision
        Bits of its intermediates, at least 24.
    lost
        What an operation may lose to underflow.
    stored
        The unit of a log-probability that is stored in a narrower format; zero where none is.
    """

    precision: int
    lost: float
    stored: float = 0.0

    @property
    def unit(self) -> float:
        """Half a unit in the last place of 1."""
        return 2.0**-self.precision


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
        return self._width if self.counts is None else int(self.counts[0].sum())

    @property
    def _width(self) -> int:
        width: int = next(iter(self.arguments.values())).shape[1]
        return width

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

    def parts(self) -> list[tuple[slice, "Batch"]]:
        """Return parts of some thousand classes, which stay in the processor's cache."""
        every = blocks(self._width)
        if len(every) == 1:
            return [(every[0], self)]
        return [(places, _Part.of(self, places)) for places in every]

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
        z, wider = self["logits"], self.arithmetic
        top = z.argmax(axis=1)
        places = np.arange(len(z)), top
        largest = z[places][:, None]
        drops, heads = np.empty_like(z), np.empty_like(z)
        tails = np.empty_like(z) if wider.paired else 0.0
        for part in blocks(self._width):
            if self.rescaled is None:
                differences = wider.difference(z[:, part], largest)
            else:
                differences = self.rescaled.differences.of(slice(None), part)
            heads[:, part], tail = wider.exp(differences)
            if not isinstance(tails, float):
                tails[:, part] = tail
            np.negative(differences.head, out=drops[:, part])
        if drops.max() > -DEEPEST:
            np.minimum(drops, -DEEPEST, out=drops)
        heads[places] = 0  # The power of zero is exactly one; its tail is zero.
        others = wider.total(self._weighted(Pair(heads, tails)))
        heads[places] = 1
        if self.counts is not None:
            others = wider.plus(others, wider.number(self.counts[places] - 1))
        mass = wider.plus(wider.number(1.0), others)
        return Softmax(drops, Pair(heads, tails), top, others, mass)

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

    def log_sum_radius(self, rounding: Rounding) -> Array:
        """Return what the ball of L contains on both sides of it, for each row.

        The textbook rounds ``max u`` and the sum once each. Its max u is the middle of a ball,
        which is within the radius of the true one.
        """
        loose = 0.0 if self.rescaled is None else self.rescaled.loose
        shift = np.maximum(np.abs(self.largest.head) - loose, 0)
        radius: Array = rounding.unit * (shift + np.abs(self.log_sum.head))
        return radius

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

    def mass_radius(self, rounding: Rounding) -> Array:
        r"""Return a lower bound of the radius of the ball of S, relative to S, for each row.

        It is the larger of two, q and ``0.96 h``. Below, the ball of S is known to reach from S / A
        to S / B with A >= 1 >= B, and only that is used.

        - The midpoint c of the ball has the precision of the intermediates. Let D be the distance
          of S from the nearest such number, which is 1 where ``S - 1 < u``. The ball contains S and
          its mirror image ``2 c - S``, which is at least ``2 D`` away. So either A = 1 and B is at
          most ``S / (S + 2 D)``, or B = 1 and A is at least ``S / (S - 2 D)``. Half of ``A - B`` is
          at least ``D / (S + 2 D)``; q is 0.999 of it.
          It is not known of rescaled logits, which are shifted by a middle of a ball.
        - The exponents are charged roundings, so the ball contains ``S sum_k o_k e^{x_k v}`` for
          ``|v| <= u``, with x_k = :attr:`moves`, which is ``|d_k|`` for logits that are not
          rescaled. Let h be u times ``sum_k o_k x_k`` over the classes with ``|d_k| <= 32``.
          The largest of these is at least ``S e^h`` by Jensen's inequality, so ``B = e^{-h}``. The
          smallest is at most ``S (1 - 15/16 h)``, because ``e^{-x} <= 1 - x + x^2 / 2`` and ``u
          x_k <= 1/8``, so ``A = 1 + 15/16 h``.
        """
        drift: Array = 0.96 * rounding.unit * self.weighted_move
        if self.rescaled is not None:
            return drift
        mass, others, unit = self.softmax.mass, self.softmax.others.head, rounding.unit
        exponent = rounding.precision - np.frexp(mass.head)[1]
        nearest = np.ldexp(np.rint(np.ldexp(mass.head, exponent)), -exponent)
        distance = np.abs((mass.head - nearest) + mass.tail) - mass.head * self.error
        distance = np.where(others < unit, others, np.maximum(distance, 0))
        near = 0.999 * distance / (mass.head + 2 * distance)
        radius: Array = np.maximum(near, drift)
        return radius

    def radii(self, rounding: Rounding) -> Array:
        r"""Return a lower bound of the radius of the ball of each o_j, relative to o_j.

        With x = u |d_j|, or u times :attr:`moves`, the ball of the power contains ``e^{d_j} e^x``
        and ``e^{d_j} e^{-x}``, because the exponent is charged a rounding. That of S contains S / A
        and S / B, see :meth:`mass_radius`. So the ball of o_j contains ``o_j A e^x`` and ``o_j B
        e^{-x}``. A ball is no narrower than two of its points, so its radius is at least

        .. math:: o_j (A e^x - B e^{-x}) / 2 \ge o_j (x (A + B) / 2 + (A - B) / 2) .

        x is at most 2^-14, because no more than 746 is used of |d_j|. So this is at least ``o_j (x
        + q)`` and ``o_j (x + 0.96 h)``: what is lost to ``A + B < 2`` is less than what q and 0.96
        leave out.

        Where a log-probability is stored, with v the unit of its rounding, ``(d_j - ln S) (1 +-
        v)`` has the ends ``(d_j (1 +- u) - ln S) (1 +- v)``. They are ``2 (x + v |l_j|)`` apart,
        and their middle is ``l_j - x v``, which makes the power smaller by less than a part in
        2^-22. The ball of S is not used then. Of rescaled logits 0.999 of this is left, see
        :mod:`~gradcert_oracle.rescaled_logits`.
        """
        radii = rounding.unit * self.moves
        if rounding.stored:
            stored = rounding.stored if self.rescaled is None else 0.999 * rounding.stored
            radii += stored * (self.softmax.drops + self.log_mass.head[:, None])
        else:
            radii += self.mass_radius(rounding)[:, None]
        return radii

    @property
    def moves(self) -> Array:
        """The half width of the ball of each exponent, in units, or less."""
        return self.softmax.drops if self.rescaled is None else self.rescaled.moves

    @functools.cached_property
    def weighted_drop(self) -> Array:
        """``sum_k o_k |d_k|`` of each row, in binary64; below it by no more than a part in 2^-20.

        Terms with ``|d_k| > 32`` are left out.
        """
        return self._weighted_sum(self.softmax.drops)

    @functools.cached_property
    def weighted_move(self) -> Array:
        """``sum_k o_k x_k`` of each row, with x = :attr:`moves`, in the same way."""
        return self.weighted_drop if self.rescaled is None else self._weighted_sum(self.moves)

    def _weighted_sum(self, sizes: Array) -> Array:
        softmax, weighted = self.softmax, np.zeros(len(self.softmax.top))
        for part in blocks(self._width):
            drops = softmax.drops[:, part]
            terms = sizes[:, part] * softmax.powers.head[:, part]
            if self.counts is not None:
                terms *= self.counts[:, part]
            if drops.max() > 32:
                terms[drops > 32] = 0
            weighted += terms.sum(axis=1)
        return weighted / softmax.mass.head


@dataclass(frozen=True)
class _Part(Batch):
    """Some of the classes of a batch. What is known of whole rows is that of the batch.

    Attributes
    ----------
    whole
        The batch.
    places
        Which of its classes.
    """

    whole: Batch
    places: slice

    @classmethod
    def of(cls, whole: Batch, places: slice) -> "_Part":
        """Return a part of a batch."""
        arguments = {name: array[:, places] for name, array in whole.arguments.items()}
        return cls(
            arguments,
            whole.arithmetic,
            whole,
            places,
            factors=whole.factors,
            squares=whole.squares,
            rescaling=whole.rescaling,
            widths=whole.widths,
        )

    @functools.cached_property
    def classes(self) -> int:
        return self.whole.classes

    @functools.cached_property
    def rescaled(self) -> RescaledLogits | None:
        rescaled = self.whole.rescaled
        return rescaled and rescaled.part(self.places)

    @functools.cached_property
    def softmax(self) -> Softmax:
        return self.whole.softmax.part(self.places)

    @functools.cached_property
    def largest(self) -> Pair:
        return self.whole.largest

    @functools.cached_property
    def targets(self) -> Balance:
        return self.whole.targets

    @functools.cached_property
    def moved(self) -> Balance:
        return self.whole.moved

    @functools.cached_property
    def mean(self) -> Mean:
        return self.whole.mean

    @functools.cached_property
    def target_radii(self) -> Array:
        return self.whole.target_radii

    @functools.cached_property
    def log_mass(self) -> Pair:
        return self.whole.log_mass

    @functools.cached_property
    def weighted_drop(self) -> Array:
        return self.whole.weighted_drop

    @functools.cached_property
    def weighted_move(self) -> Array:
        return self.whole.weighted_move
