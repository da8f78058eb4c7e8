"""The screen: a batch as it was called, cut to what can be screened.

Arguments become a batch in a wider arithmetic, with the options of the loss and the shares of the
rows. Rows for which no proof holds are left to the judge: their numbers or rows are too large, or
their arguments are not what the quantity is defined for. Many rows are screened in blocks that stay
in the processor's cache, and equal classes of wide rows are computed once. The rest is in
:mod:`~gradcert_oracle.acceptance`: which rows are accepted, and why that is right.
"""

from collections.abc import Sequence
from itertools import compress

import numpy as np

from gradcert_oracle.acceptance import Screened, accept
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
from gradcert_oracle.wider import PAIRED, PLAIN, Array

__all__ = ["ScreenError", "screen"]

# An allocator that gives freed memory back to the system gets every page anew for the next block,
# which costs as much as the screen. glibc keeps as much as the largest array that was ever freed.
np.empty(1 << 21)

_LARGEST = 2.0**960
"""Rows with larger numbers are left to the judge, and so are those where a product overflows."""

_MOST_CLASSES = 1 << 20
"""So are wider rows."""

_MOST_SUMMED = 1 << 22
"""So is a batch of more numbers that has one value."""

_AT_ONCE = 1 << 15
"""Numbers that are screened together, so that they stay in the processor's cache."""

_WIDE, _WORTH_A_SEARCH = 512, 1 << 13
"""Equal classes are looked for in rows of as many classes, if there are as many numbers in all."""


class ScreenError(Exception):
    """The oracle refutes what the screen accepted: a fault of the oracle or of the screen."""


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
            found = accept(quantity, chosen, format, batch, answer)
            places = np.flatnonzero(inside) + (part.start or 0)
            result.accepted[places] = found.accepted
            result.rank[places] = found.rank
            result.used[places] = found.used
    return result
