r"""Which rows a screen accepts: proofs that the judge would accept them, without a ball.

Let b be the budgets of a level with pairwise sums: of ``shifted``, and in the 16-bit formats of
``wide`` or, in binary32 but for the log-probability that is stored, of ``log-softmax``. The judge
accepts a row at that level or a better one if it is not void and every value v has ``|v - x| <= 2
b``, with x its true value. The screen knows

- a reference y with ``|y - x| <= e``, in a wider arithmetic (:mod:`~gradcert_oracle.batches`);
- a lower bound of each budget. With u the unit of the intermediates, it is what the quantity's
  ``budget_at_least`` proves of ``radius + size u``, plus what the budget charges for underflow, and
  in a 16-bit format ``|x| 2^-p`` for the last rounding. No budget is limited to less than 1/32 of
  the row's scale, so the screen takes the smaller of both;
- a crude upper bound of the budgets. It is below 1/4 of the scale, so the level is not void.

So a row is accepted if ``|v - y| + e <= 2 b`` for the lower bound of b. A row is *faithful* if
every value is closer than one ulp to the true one, less 2^-9 ulp because the judge's ball has a
width. The screen never refutes: the judge gets every row that is not accepted.

The bounds are computed in binary64. Their own roundings, and the distance of the reference from the
true value inside them, are below 2^-21 of each; a part of 2^-20 is given away for them. What
underflows in the reference is taken off the lower bound: it may be multiplied by ``u (1 + |d|)``,
which is below one. The scale is a threshold, which the oracle computes in binary64 too: the
mathematical library of Python is trusted with 20 bits of it.

The screen also bounds from above what the judge would say: the level, and the budgets used on it.
So the worst row is found without judging all of them.
"""

from dataclasses import dataclass

import numpy as np

from gradcert_oracle.batch_parts import parts_of
from gradcert_oracle.batches import Batch
from gradcert_oracle.formats import BINARY32, Format
from gradcert_oracle.questions import Quantity
from gradcert_oracle.screens import Reference, Screen
from gradcert_oracle.textbook import Algorithm
from gradcert_oracle.textbook_radii import Rounding
from gradcert_oracle.verdicts import levels
from gradcert_oracle.wider import Array

__all__ = ["SLACK", "VOID", "Screened", "accept", "candidates"]

SLACK = 2.0**-20
"""The part of each bound that is given away for its roundings."""

VOID = 0.24
"""A level may be void where the crude upper bound is more than this part of the scale."""

_EXPONENT_BITS = 0x7FF << 52
"""Where a binary64 number has its exponent; with all others cleared it is a power of two."""

_BALL = 2.0**-8
"""The width of the judge's balls, in budgets: below 2^-9, as they are below 2^-10 ulp."""

_FAITHFUL = 2 - _BALL
"""Half ulps that a value may be off in a row that is faithful."""


@dataclass(frozen=True)
class Screened:
    """What the screen says of each row; arrays of shape (rows,).

    Attributes
    ----------
    accepted
        Whether the judge certainly accepts the row.
    rank
        The worst level that the judge may find, by its place in ``levels(format)``. It says nothing
        of a row that is not accepted.
    used
        If the judge finds that level, it finds at most this number of budgets used.
    """

    accepted: Array
    rank: Array
    used: Array


def candidates(format: Format) -> list[tuple[Algorithm, Rounding]]:
    """Return the levels that are tried, from the best to the worst, and how each rounds.

    Examples
    --------
    >>> from gradcert_oracle import BFLOAT16
    >>> [(str(algorithm), rounding.precision) for algorithm, rounding in candidates(BFLOAT16)]
    [('wide', 24), ('log-softmax', 24)]
    """
    best = levels(format)[1]
    if format.precision >= BINARY32.precision:
        return [(best, Rounding(format.precision, format.underflow))]
    inner = BINARY32.precision, BINARY32.underflow
    stored = Algorithm("log-softmax", "pairwise")
    return [(best, Rounding(*inner)), (stored, Rounding(*inner, 2.0**-format.precision))]


def _outer(format: Format) -> float:
    """Return the part of a value that its last rounding costs, after intermediates in binary32."""
    return 2.0**-format.precision if format.precision < BINARY32.precision else 0.0


def _ulp_at_least(values: Array, format: Format) -> Array:
    """Return an ulp of the format at these sizes, or at the smallest normal number."""
    bits = np.maximum(values, format.smallest_normal).view(np.int64)
    powers = (bits & _EXPONENT_BITS).view(np.float64)
    ulp: Array = powers * 2.0 ** (1 - format.precision)
    return ulp


@dataclass(frozen=True)
class _Measured:
    """How far the values of some classes are from the true ones.

    Attributes
    ----------
    part
        The classes.
    reference
        Their reference.
    size, distance
        The size of each reference value, and the most by which a value is off; arrays of shape
        (rows, values).
    """

    part: Batch
    reference: Reference
    size: Array
    distance: Array

    @classmethod
    def of(cls, part: Batch, screen: Screen, values: Array) -> "_Measured":
        """Measure the values of some classes."""
        rows, reference = len(values), screen.reference(part)
        size = np.abs(reference.values.head).reshape(rows, -1)
        distance = part.arithmetic.distance(values, reference.values) + reference.error
        distance *= 1 + SLACK
        return cls(part, reference, size, distance.reshape(rows, -1))

    @property
    def error(self) -> Array:
        """A bound of the error of each reference value."""
        error = np.broadcast_to(self.reference.error, self.reference.values.head.shape)
        return error.reshape(self.size.shape)

    def half_ulps(self, format: Format) -> Array:
        """Return the most half ulps by which a value of each row may be off."""
        # The judge's ball of a power of two contains smaller numbers, whose ulp is half as large.
        nearest = self.size * (1 - 2.0 ** -min(format.precision + 4, 53)) - self.error
        ulps: Array = (self.distance / _ulp_at_least(nearest, format)).max(axis=1)
        return 2 * ulps

    def budgets(self, screen: Screen, format: Format, rounding: Rounding) -> Array:
        """Return the most budgets by which a value of each row may be off."""
        least = screen.budget_at_least(self.part, rounding).reshape(self.size.shape)
        least = least + (_outer(format) * self.size + format.underflow)
        least *= 1 - SLACK
        least -= self.reference.lost[:, None]
        most: Array = (self.distance / least).max(axis=1)
        return np.where(least.min(axis=1) > 0, most, np.inf)


def accept(
    quantity: Quantity, screen: Screen, format: Format, batch: Batch, values: Array
) -> Screened:
    """Accept rows of a batch.

    Numbers may overflow or be NaN on the way. The caller switches off numpy's warnings of them.

    Parameters
    ----------
    quantity, format
        What was computed.
    screen
        The screen of the quantity.
    batch
        Rows for which the proofs of that screen hold.
    values
        The returned values in binary64, of the shape of an answer.

    Examples
    --------
    >>> from gradcert_oracle import GRADIENT
    >>> from gradcert_oracle.wider import PLAIN
    >>> z, t = np.zeros((2, 2)), np.array([[1.0, 0.0], [1.0, 0.0]])
    >>> batch = Batch({"logits": z, "targets": t}, PLAIN)
    >>> values = np.array([[-0.5, 0.5], [-0.5, 0.0]])
    >>> accept(GRADIENT, GRADIENT.screen, BINARY32, batch, values).accepted.tolist()
    [True, False]
    """
    rows = len(values)
    known, scale = np.ones(rows, dtype=bool), np.zeros(rows)
    farthest, used = np.zeros(rows), np.zeros(rows)
    measured = []
    for places, part in parts_of(batch) if quantity.pooled else [(slice(None), batch)]:
        one = _Measured.of(part, screen, values[:, places] if quantity.pooled else values)
        if quantity.unbounded:
            known &= (one.size + one.error <= format.max * (1 - SLACK)).all(axis=1)
        if (used <= _FAITHFUL).any():
            used = np.maximum(used, one.half_ulps(format))
        farthest = np.maximum(farthest, one.distance.max(axis=1))
        scale = np.maximum(scale, one.reference.scale)
        measured.append(one)

    known &= np.isfinite(farthest)
    accepted = known & (used <= _FAITHFUL)
    rank = np.zeros(rows, dtype=int)
    limit = (1 - SLACK) * (format.underflow + scale / 32)
    for algorithm, rounding in candidates(format):
        if accepted.all():
            break
        budgets = farthest / limit
        for one in measured:
            budgets = np.maximum(budgets, one.budgets(screen, format, rounding))
        most = screen.budget_at_most(batch, rounding) + _outer(format)
        new = known & ~accepted & (budgets <= 2 * (1 - SLACK)) & (most <= VOID)
        rank[new] = levels(format).index(algorithm)
        used[new] = budgets[new]
        accepted |= new
    return Screened(accepted, rank, used + _BALL)
