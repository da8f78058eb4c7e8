r"""A screen: accepts rows that the judge would accept, a whole batch at once, without a ball.

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
every value is closer than one ulp to the true one, less 2^-8 ulp because the judge's ball has a
width. The screen never refutes: the judge gets every row that is not accepted.

The bounds are computed in binary64. Their own roundings, and the distance of the reference from the
true value inside them, are below 2^-21 of each; a part of 2^-20 is given away for them. What
underflows in the reference is taken off the lower bound: it may be multiplied by ``u (1 + |d|)``,
which is below one. The scale is a threshold, which the oracle computes in binary64 too: the
mathematical library of Python is trusted with 20 bits of it.

The screen also bounds from above what the judge would say: the level, and the budgets used on it.
So the worst row is found without judging all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np

from gradcert_oracle.batch_parts import parts_of
from gradcert_oracle.batches import Batch
from gradcert_oracle.formats import BINARY32, Format
from gradcert_oracle.kinds import Kinds, kinds_of
from gradcert_oracle.losses import PLAIN_SHARE, TEXTBOOK_LOSS, Loss, Share
from gradcert_oracle.questions import Quantity
from gradcert_oracle.screened_losses import (
    effective_pairs,
    multiplied,
    screenable,
    summed,
    target_radii,
    with_shares,
)
from gradcert_oracle.screens import Reference, Screen
from gradcert_oracle.textbook import Algorithm
from gradcert_oracle.textbook_radii import Rounding
from gradcert_oracle.verdicts import levels
from gradcert_oracle.wider import PAIRED, PLAIN, Array

__all__ = ["ScreenError", "Screened", "screen"]

# An allocator that gives freed memory back to the system gets every page anew for the next block,
# which costs as much as the screen. glibc keeps as much as the largest array that was ever freed.
np.empty(1 << 21)

_SLACK = 2.0**-20
"""The part of each bound that is given away for its roundings."""

_LARGEST = 2.0**960
"""Rows with larger numbers are left to the judge, and so are those where a product overflows."""

_MOST_CLASSES = 1 << 20
"""So are wider rows."""

_VOID = 0.24
"""A level may be void where the crude upper bound is more than this part of the scale."""

_MOST_SUMMED = 1 << 22
"""So is a batch of more numbers that has one value."""

_AT_ONCE = 1 << 15
"""Numbers that are screened together, so that they stay in the processor's cache."""

_WIDE, _WORTH_A_SEARCH = 512, 1 << 13
"""Equal classes are looked for in rows of as many classes, if there are as many numbers in all."""

_EXPONENT_BITS = 0x7FF << 52
"""Where a binary64 number has its exponent; with all others cleared it is a power of two."""

_BALL = 2.0**-8
"""The width of the judge's balls, in budgets: below 2^-9, as they are below 2^-10 ulp."""

_FAITHFUL = 2 - _BALL
"""Half ulps that a value may be off in a row that is faithful."""


class ScreenError(Exception):
    """The oracle refutes what the screen accepted: a fault of the oracle or of the screen."""


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
        If the judge finds that level, it finds no more budgets used.
    """

    accepted: Array
    rank: Array
    used: Array


def _in_domain(quantity: Quantity, arguments: dict[str, Array], *, capped: bool = False) -> Array:
    """Return for each row whether the proofs hold for its arguments."""
    inside: Array = np.ones(len(next(iter(arguments.values()))), dtype=bool)
    if "probabilities" not in arguments:
        sizes = map(np.abs, arguments.values())
        if all((size <= _LARGEST).all() for size in sizes):  # As most are.
            return inside
    for name, array in arguments.items():
        if name == "logits":
            masked = quantity.masked and not capped
            hidden = array == -np.inf if masked else np.zeros(array.shape, dtype=bool)
            right = hidden | (np.abs(array) <= _LARGEST)
            inside &= ~hidden.all(axis=1)
        elif name == "probabilities":
            right = (array > 0) & (array <= _LARGEST)
        else:
            right = np.abs(array) <= _LARGEST
            if "logits" in arguments:
                right &= (array == 0) | (arguments["logits"] > -np.inf)
        inside &= right.all(axis=1)
    return inside


def _candidates(format: Format) -> list[tuple[Algorithm, Rounding]]:
    """Return the levels that are tried, from the best to the worst."""
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
        distance *= 1 + _SLACK
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
        least *= 1 - _SLACK
        least -= self.reference.lost[:, None]
        most: Array = (self.distance / least).max(axis=1)
        return np.where(least.min(axis=1) > 0, most, np.inf)


def _screen(
    quantity: Quantity, screen: Screen, format: Format, batch: Batch, values: Array
) -> Screened:
    rows = len(values)
    known, scale = np.ones(rows, dtype=bool), np.zeros(rows)
    farthest, used = np.zeros(rows), np.zeros(rows)
    measured = []
    for places, part in parts_of(batch) if quantity.pooled else [(slice(None), batch)]:
        one = _Measured.of(part, screen, values[:, places] if quantity.pooled else values)
        if quantity.unbounded:
            known &= (one.size + one.error <= format.max * (1 - _SLACK)).all(axis=1)
        if (used <= _FAITHFUL).any():
            used = np.maximum(used, one.half_ulps(format))
        farthest = np.maximum(farthest, one.distance.max(axis=1))
        scale = np.maximum(scale, one.reference.scale)
        measured.append(one)

    known &= np.isfinite(farthest)
    accepted = known & (used <= _FAITHFUL)
    rank = np.zeros(rows, dtype=int)
    limit = (1 - _SLACK) * (format.underflow + scale / 32)
    for algorithm, rounding in _candidates(format):
        if accepted.all():
            break
        budgets = farthest / limit
        for one in measured:
            budgets = np.maximum(budgets, one.budgets(screen, format, rounding))
        most = screen.budget_at_most(batch, rounding) + _outer(format)
        new = known & ~accepted & (budgets <= 2 * (1 - _SLACK)) & (most <= _VOID)
        rank[new] = levels(format).index(algorithm)
        used[new] = budgets[new]
        accepted |= new
    return Screened(accepted, rank, used + _BALL)


def _batch(
    quantity: Quantity,
    format: Format,
    arguments: Sequence[Array],
    loss: Loss,
    shares: Sequence[Share],
) -> Batch:
    """Return a batch; `shares` are empty where all rows count as one by themselves."""
    pairs = zip(quantity.arguments, arguments, strict=True)
    wider = PAIRED if format.precision > BINARY32.precision else PLAIN
    named = {name: array.astype(np.float64, copy=False) for name, array in pairs}
    assert quantity.screen is not None
    named = quantity.screen.arguments(named)
    if not loss.is_plain:
        given = named["targets"]
        effective = effective_pairs(loss, wider, given)
        named["targets"] = effective.head
        if not isinstance(effective.tail, float):
            named["tails"] = effective.tail
        radii = target_radii(loss, format, wider, given)
        if radii is not None:
            named["radii"] = radii
    # Only a gradient has one value for each class, and only that depends on what is upstream.
    batch = Batch(named, wider)
    return with_shares(batch, loss, shares, upstream=quantity.pooled) if shares else batch


def _kinds(quantity: Quantity, batch: Batch, values: Array) -> Kinds | None:
    """Return the kinds of the classes, where to screen them all takes longer than to find them."""
    point = batch[quantity.arguments[0]]
    if not batch.arithmetic.paired or point.size < _WORTH_A_SEARCH or point.shape[1] < _WIDE:
        return None
    if quantity.pooled:
        return kinds_of(*batch.arguments.values(), values)
    return kinds_of(*batch.arguments.values()) if values.ndim == 1 else None


def _zero_in_truth(quantity: Quantity, loss: Loss, shares: Sequence[Share], inside: Array) -> Array:
    """Return which rows have values of exactly zero: they do not count, or a factor is zero."""
    ignored = np.array([not share.kept for share in shares])
    factor = np.array([share.upstream if quantity.pooled else 1.0 for share in shares])
    zero: Array = ignored | (inside & (factor * loss.multiplier == 0))
    return zero


def screen(
    quantity: Quantity,
    format: Format,
    arguments: Sequence[Array],
    values: Array,
    *,
    loss: Loss = TEXTBOOK_LOSS,
    shares: Sequence[Share] = (),
) -> Screened | None:
    """Screen the values that an implementation returned for a batch.

    Parameters
    ----------
    quantity, format
        What was computed.
    arguments
        One array of shape (rows, classes) for each argument of the quantity, of the format's dtype.
    values
        The returned array.
    loss
        The options of the loss.
    shares
        What each row counts in the loss of a batch; empty where all count as one by itself.

    Returns
    -------
    What the screen says of each row, or of the value of the batch; None for what has no screen:
    losses with an extreme scale, softcap or smoothing. A row that does not count is accepted if it
    is zero.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64, GRADIENT
    >>> z, t = np.zeros((2, 2)), np.array([[1.0, 0.0], [1.0, 0.0]])
    >>> screen(GRADIENT, BINARY64, (z, t), np.array([[-0.5, 0.5], [-0.5, 0.0]])).accepted.tolist()
    [True, False]
    """
    classes = arguments[0].shape[1]
    # Without shares no row is looked at: a search screens millions of rows a second.
    chosen = quantity.screen
    plain = loss.is_plain and all(share == PLAIN_SHARE for share in shares)
    shares = shares or [PLAIN_SHARE] * len(arguments[0])
    if chosen is not None and not plain:
        known = quantity.shares and screenable(loss, classes)
        chosen = multiplied(chosen) if known else None
    if chosen is None:
        return None
    rows = len(values)
    result = Screened(np.zeros(rows, bool), np.ones(rows, int), np.full(rows, np.inf))
    if quantity.reduces:
        chosen = summed(chosen)
        kept = np.array([share.kept for share in shares])
        arguments, shares = [array[kept] for array in arguments], list(compress(shares, kept))
        if not shares or arguments[0].size > _MOST_SUMMED:
            return result
    if not 1 <= classes <= _MOST_CLASSES:
        return result
    step = max(1, _AT_ONCE // max(classes, values[:1].size))
    parts = [slice(start, start + step) for start in range(0, rows, step)]
    with np.errstate(all="ignore"):
        for part in [slice(None)] if quantity.reduces else parts:
            answer = values[part].astype(np.float64, copy=False)
            given = [array[part] for array in arguments]
            counted = () if plain else shares[part]
            batch = _batch(quantity, format, given, loss, counted)
            kinds = _kinds(quantity, batch, answer)
            if kinds is not None:
                batch = batch.of_kinds(kinds)
                answer = kinds.of(answer) if quantity.pooled else answer
            inside = _in_domain(quantity, dict(batch.arguments), capped=loss.softcap < np.inf)
            if batch.factors is not None:
                if not quantity.reduces:
                    zero = _zero_in_truth(quantity, loss, shares[part], inside)
                    zero &= ~answer.reshape(len(answer), -1).any(axis=1)
                    places = np.flatnonzero(zero) + (part.start or 0)
                    result.accepted[places], result.rank[places], result.used[places] = True, 0, 0
                inside &= np.isfinite(batch.factors.head)
            if quantity.reduces:
                inside = np.array([inside.all()])
            if not inside.any():
                continue
            if not inside.all():
                batch, answer = batch.of_rows(inside), answer[inside]
            found = _screen(quantity, chosen, format, batch, answer)
            places = np.flatnonzero(inside) + (part.start or 0)
            result.accepted[places] = found.accepted
            result.rank[places] = found.rank
            result.used[places] = found.used
    return result
