"""The backward of softmax, ``d/dz_j sum_k v_k o_k``: a vector v times the Jacobian.

A step s along z_j changes one term of ``sum_k exp(z_k)``. With m the mean ``sum_k v_k o_k`` and o
the shares at s = 0, the definition reads

    (m + v_j x) / (1 + x)  =  m + (v_j - m) x / (1 + x),    x = o_j (e^s - 1) .

A number that is added to all v changes only a constant. So v counts from that of the largest logit.
Then the mean is small where that class dominates, and ``v_j - m`` is exact where all v are equal. v
has any sign, and any size where a logit is -inf.

Examples
--------
>>> from gradcert_oracle import BINARY64, enclose, question
>>> asked = question("softmax-backward", (0.0, 0.0), (1.0, 0.0), format=BINARY64)
>>> [float(slope) for slope in enclose(asked)]
[0.25, -0.25]
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import inf
from typing import NamedTuple

import numpy as np
from flint import arb, ctx

from gradcert_oracle import textbook
from gradcert_oracle.batches import Batch
from gradcert_oracle.definitions import relative_mass, shares
from gradcert_oracle.differences import share_slopes
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import Row, check_logits, check_vector
from gradcert_oracle.screens import Reference, Screen
from gradcert_oracle.sums import of_equal_terms
from gradcert_oracle.textbook import Arithmetic, Values
from gradcert_oracle.textbook_radii import Rounding, mass_radius, share_radii
from gradcert_oracle.wider import Array

__all__ = [
    "SOFTMAX_BACKWARD",
    "Product",
    "reach_at_least",
    "reference_of",
    "seen",
    "seen_in",
    "sizes_at_least",
    "slopes_of",
    "textbook_of",
]


_GONE = 2.0**-1066
"""More than a share in a wider arithmetic, and what a product with it has, lose to underflow."""


def slopes_of(
    own: Sequence[arb], top: int, v: Row, counts: Sequence[int], places: Sequence[int]
) -> list[arb]:
    """Enclose the values at these places, given the shares of all classes, the largest at `top`."""
    first = arb(v[top])
    moved = [x - first for x in v]
    terms = zip(own, moved, counts, strict=True)
    mean = sum([o * x if n == 1 else o * x * n for o, x, n in terms], arb(0))
    slopes = share_slopes([own[j] for j in places])
    return [(moved[j] - mean) * slope for j, slope in zip(places, slopes, strict=True)]


def _enclose(question: Question, guard: int) -> Enclosures:
    z, v = question["logits"], question["v"]
    check_logits(z, masked=True)
    check_vector(v, z)
    logits, numbers = [z[j] for j in question.kinds], tuple(v[j] for j in question.kinds)
    counts = list(Counter(question.equal).values())

    def evaluate(places: Sequence[int]) -> list[arb]:
        whole = shares(logits, counts)
        return slopes_of(whole.own, whole.top, numbers, counts, places)

    balls = refine(evaluate, len(logits), question.format, guard)
    return question.of_each(balls)


def seen(question: Question) -> Row:
    """Return v with zeros where a logit is -inf: the share there is exactly zero in any run."""
    pairs = zip(question["logits"], question["v"], strict=True)
    return tuple(x if logit > -inf else 0.0 for logit, x in pairs)


class Product(NamedTuple):
    """The values of a textbook, and how much they depend on the shares.

    Attributes
    ----------
    values
        The values.
    reaches
        The most by which each value changes, in units, if shares change by one unit or less:
        ``|v_j| + sum_k |o_k v_k| + o_j sum_k |v_k|``.
    """

    values: Values
    reaches: list[arb]


def textbook_of(o: Sequence[arb], v: Row, places: Sequence[int], arithmetic: Arithmetic) -> Product:
    """Return ``o_j (v_j - m)``, with ``m = sum_k o_k v_k``.

    Another form is ``o_j v_j - o_j m``, with the same o_j in both products. It rounds each of them,
    so the sizes have both. The terms of m may cancel: it is rounded beside the sum of their sizes.

    Tiny v may be no larger than what underflows. So what a product or a difference loses counts by
    itself and not in the balls, and no level is void for it.
    """
    lost = arithmetic.lost.rad()
    terms = [share * x for share, x in zip(o, v, strict=True)]
    mean, _ = arithmetic.total(terms, ())
    # Products of equal v and equal shares may have an exact sum in this order, and not in another:
    # a power of two of them is doubled here, and a run that adds lanes rounds at each level.
    mean_size = of_equal_terms(arithmetic.total, list(map(abs, terms)))
    products = len(v) - v.count(0)
    rounded = mean_size * (products - 1).bit_length() * 2.0**-ctx.prec
    mean = arb(mean.mid(), max(mean.rad(), mean_size.rad(), rounded.upper()))
    plain = [o[j] * (v[j] - mean) for j in places]
    own = [abs(v[j]) + mean_size for j in places]
    sizes = [o[j] * size + abs(value) for j, size, value in zip(places, own, plain, strict=True)]
    whole = sum(map(abs, v), arb(0))
    reaches = [size + o[j] * whole for j, size in zip(places, own, strict=True)]
    flushed = lost * (1 + products * max(o, key=float))
    return Product(Values(plain, {}, sizes, flushed.upper()), reaches)


def _textbook(
    question: Question, places: Sequence[int], level: str, arithmetic: Arithmetic
) -> Values:
    o = textbook.softmax(question["logits"], level, arithmetic)
    return textbook_of(o, seen(question), places, arithmetic).values


def _scale(question: Question) -> float:
    """Return twice the largest share times the largest ``|v_k|`` of a class that has a share."""
    return 2 / relative_mass(question["logits"]) * max(map(abs, seen(question)))


def seen_in(arguments: Mapping[str, Array]) -> dict[str, Array]:
    """Return the arguments of a batch, with v of zero where a logit is -inf."""
    hidden = arguments["logits"] == -inf
    return {**arguments, "v": np.where(hidden, 0, arguments["v"])}


def _shares(batch: Batch) -> Array:
    """Return o_j in binary64, less what it may have gained where it underflows."""
    softmax = batch.softmax
    o: Array = np.maximum(softmax.powers.head / softmax.mass.head[:, None] - _GONE, 0)
    return o


def _distances(batch: Batch) -> Array:
    """Return ``|v_j - m|`` in binary64."""
    distances: Array = np.abs(batch["v"] - batch.mean.value.head[:, None])
    return distances


def _own_sizes(batch: Batch) -> Array:
    """Return ``|v_j| + M``, with M the size of m."""
    sizes: Array = np.abs(batch["v"]) + batch.mean.size[:, None]
    return sizes


def reference_of(batch: Batch) -> Reference:
    """Return ``o_j (v_j - m)``.

    Beside ``o_j (|v_j| + M)``, with M the size of m, the errors of o_j and of m are each at most
    :attr:`Batch.error <gradcert_oracle.batches.Batch.error>`, and the difference and the product
    round once. Three times that error is more.

    What a share loses to underflow is multiplied by the difference, which is off by three of these
    errors, and what m loses of each ``o_k v_k`` by o_j. The share of a logit of -inf is zero.
    """
    softmax, wider, mean = batch.softmax, batch.arithmetic, batch.mean
    factor = wider.quotient(wider.number(np.ones_like(softmax.mass.head)), softmax.mass)
    o = wider.product(softmax.powers, factor.per_row())
    values = wider.product(o, wider.less(wider.number(batch["v"]), mean.value.per_row()))
    error = 3 * batch.error * _own_sizes(batch)
    lost = _GONE * (_distances(batch) + error + 1) + o.head * (_GONE * mean.whole)[:, None]
    total = np.where(batch["logits"] == -inf, 0, (o.head + _GONE) * error + lost)
    return Reference(
        values, total, 2 * factor.head * mean.largest, batch.lost(np.zeros(len(total)))
    )


def sizes_at_least(batch: Batch, rounding: Rounding) -> Array:
    """Return ``(o_j + a) (|v_j| + M + |v_j - m|)``: the ball of the textbook's sizes contains it.

    What a share may lose to underflow, a, is added to its ball. The upper end of a size is charged.
    """
    sizes: Array = _own_sizes(batch) + _distances(batch)
    return (_shares(batch) + rounding.lost) * sizes


def reach_at_least(batch: Batch, rounding: Rounding) -> Array:
    """Return ``(r_j + a) max(|v_j - m|, R) + (o_j - 2 r_j) R``: a radius of the textbook's ball.

    The ball of o_j contains two numbers ``c < d`` with ``d - c >= 2 r_j`` and ``c >= o_j - 2 r_j``;
    see :func:`~gradcert_oracle.textbook_radii.share_radii`. What it may lose to underflow, a, is
    added on both sides. The ball of ``v_j - m`` contains the true one, and ``p < q`` with ``q - p
    >= 2 R``; say that q is the larger in size. So q is at least ``|v_j - m|`` and R. The products
    of c, d with what is from p to q are at least ``(d - c) q + c (q - p)`` apart: for p >= 0 it is
    ``d q - c p``, and for p < 0 it is less than ``d (q - p)``.

    The ball of a product ``o_k v_k`` is no narrower than ``(r_k + a) |v_k|``. The radii of the
    terms of a sum add up, and that of m is at least that of the sum of the sizes. So R is the sum
    of these.
    """
    mean, o, radii, lost = batch.mean, _shares(batch), share_radii(batch, rounding), rounding.lost
    if rounding.stored:
        width = rounding.stored * (mean.moved + batch.log_mass.head * mean.size)
    else:
        width = mass_radius(batch, rounding) * mean.size
    # Of what underflows the other terms have no more than 1/1000.
    width = (width + rounding.unit * mean.moved + 0.999 * lost * mean.whole)[:, None]
    most = np.maximum(_distances(batch), width)
    reach: Array = (o * radii + lost) * most + o * np.maximum(1 - 2 * radii, 0) * width
    return reach


def _budget_at_least(batch: Batch, rounding: Rounding) -> Array:
    """Return a bound of the radius, and one rounding of the sizes."""
    bound: Array = rounding.unit * sizes_at_least(batch, rounding) + reach_at_least(batch, rounding)
    return bound


SOFTMAX_BACKWARD = Quantity(
    name="softmax-backward",
    arguments=("logits", "v"),
    enclose=_enclose,
    textbook=_textbook,
    scale=_scale,
    masked_v=True,
    screen=Screen(reference=reference_of, budget_at_least=_budget_at_least, arguments=seen_in),
)
