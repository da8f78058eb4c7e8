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
from gradcert_oracle.wider import DEEPEST, Array, Balance, Pair, Wider, blocks, log1p

__all__ = ["Batch", "Rounding", "Softmax"]


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
    """

    arguments: Mapping[str, Array]
    arithmetic: Wider
    counts: Array | None = field(default=None, kw_only=True)
    factors: Pair | None = field(default=None, kw_only=True)

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
        factors = self.factors
        if factors is not None:
            tail = factors.tail if isinstance(factors.tail, float) else factors.tail[rows]
            factors = Pair(factors.head[rows], tail)
        return replace(self, arguments=arguments, counts=counts, factors=factors)

    def parts(self) -> list[tuple[slice, "Batch"]]:
        """Return parts of some thousand classes, which stay in the processor's cache."""
        every = blocks(self._width)
        if len(every) == 1:
            return [(every[0], self)]
        return [(places, _Part.of(self, places)) for places in every]

    @functools.cached_property
    def differences(self) -> Pair:
        """``z - max z``, which may be -inf."""
        z = self["logits"]
        return self.arithmetic.difference(z, z.max(axis=1, keepdims=True))

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
            differences = wider.difference(z[:, part], largest)
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
    def moved(self) -> Balance:
        """``sum_j t_j |d_j|``, where a class without a target may have a logit of -inf."""
        t, differences, wider = self["targets"], self.differences, self.arithmetic
        heads = np.where(t == 0, 0, -differences.head)
        tails = differences.tail
        if not isinstance(tails, float):
            tails = np.where(t == 0, 0, -tails)
        return wider.balance(self._weighted(wider.product(self.target_numbers, Pair(heads, tails))))

    @property
    def error(self) -> float:
        """A bound of the error of ``o_j T``, relative to ``o_j W``."""
        wider = self.arithmetic
        total = wider.total_error(self.classes)
        return 1.01 * (2 * wider.exp_error + 2 * total + 5 * wider.unit)

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
        - The exponents are charged a rounding, so the ball contains ``S sum_k o_k e^{|d_k| v}`` for
          ``|v| <= u``. Let h be u times ``sum_k o_k |d_k|`` over the classes with ``|d_k| <= 32``.
          The largest of these is at least ``S e^h`` by Jensen's inequality, so ``B = e^{-h}``. The
          smallest is at most ``S (1 - 15/16 h)``, because ``e^{-x} <= 1 - x + x^2 / 2`` and ``u
          |d_k| <= 1/8``, so ``A = 1 + 15/16 h``.
        """
        mass, others, unit = self.softmax.mass, self.softmax.others.head, rounding.unit
        exponent = rounding.precision - np.frexp(mass.head)[1]
        nearest = np.ldexp(np.rint(np.ldexp(mass.head, exponent)), -exponent)
        distance = np.abs((mass.head - nearest) + mass.tail) - mass.head * self.error
        distance = np.where(others < unit, others, np.maximum(distance, 0))
        near = 0.999 * distance / (mass.head + 2 * distance)
        radius: Array = np.maximum(near, 0.96 * unit * self.weighted_drop)
        return radius

    def radii(self, rounding: Rounding) -> Array:
        r"""Return a lower bound of the radius of the ball of each o_j, relative to o_j.

        With x = u |d_j|, the ball of the power contains ``e^{d_j} e^x`` and ``e^{d_j} e^{-x}``,
        because the exponent is charged a rounding. That of S contains S / A and S / B, see
        :meth:`mass_radius`. So the ball of o_j contains ``o_j A e^x`` and ``o_j B e^{-x}``. A ball
        is no narrower than two of its points, so its radius is at least

        .. math:: o_j (A e^x - B e^{-x}) / 2 \ge o_j (x (A + B) / 2 + (A - B) / 2) .

        x is below 2^-14, because no more than 746 is used of |d_j|. So this is at least ``o_j (x +
        q)`` and ``o_j (x + 0.96 h)``: what is lost to ``A + B < 2`` is less than what q and 0.96
        leave out.

        Where a log-probability is stored, with v the unit of its rounding, ``(d_j - ln S) (1 +-
        v)`` has the ends ``(d_j (1 +- u) - ln S) (1 +- v)``. They are ``2 (u |d_j| + v |l_j|)``
        apart, and their middle is ``l_j - u v |d_j|``, which makes the power smaller by less than a
        part in 2^-22. The ball of S is not used then.
        """
        radii = rounding.unit * self.softmax.drops
        if rounding.stored:
            radii += rounding.stored * (self.softmax.drops + self.log_mass.head[:, None])
        else:
            radii += self.mass_radius(rounding)[:, None]
        return radii

    @functools.cached_property
    def weighted_drop(self) -> Array:
        """``sum_k o_k |d_k|`` of each row, in binary64; below it by no more than a part in 2^-20.

        Terms with ``|d_k| > 32`` are left out.
        """
        softmax, weighted = self.softmax, np.zeros(len(self.softmax.top))
        for part in blocks(self._width):
            drops = softmax.drops[:, part]
            terms = drops * softmax.powers.head[:, part]
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
        return cls(arguments, whole.arithmetic, whole, places, factors=whole.factors)

    @functools.cached_property
    def classes(self) -> int:
        return self.whole.classes

    @functools.cached_property
    def softmax(self) -> Softmax:
        return self.whole.softmax.part(self.places)

    @functools.cached_property
    def targets(self) -> Balance:
        return self.whole.targets

    @functools.cached_property
    def moved(self) -> Balance:
        return self.whole.moved

    @functools.cached_property
    def log_mass(self) -> Pair:
        return self.whole.log_mass

    @functools.cached_property
    def weighted_drop(self) -> Array:
        return self.whole.weighted_drop
