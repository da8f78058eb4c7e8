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
from collections.abc import Sequence
from math import inf
from typing import NamedTuple

from flint import arb

from gradcert_oracle import textbook
from gradcert_oracle.definitions import relative_mass, shares
from gradcert_oracle.differences import share_slopes
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import Row, check_logits, check_vector, lookup
from gradcert_oracle.sums import of_equal_terms
from gradcert_oracle.textbook import Arithmetic, Values

__all__ = ["SOFTMAX_BACKWARD", "Product", "seen", "slopes_of", "textbook_of"]


def slopes_of(
    own: Sequence[arb], top: int, v: Row, counts: Sequence[int], places: Sequence[int]
) -> list[arb]:
    """Enclose the values at these places, given the shares of all classes, the largest at `top`."""
    moved = [arb(x) - v[top] for x in v]
    terms = zip(own, moved, counts, strict=True)
    mean = sum((share * x * count for share, x, count in terms), arb(0))
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
    return tuple(lookup(question.kinds, balls, question.equal))


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
    # Products of equal v and equal shares may have an exact sum in this order, and not in another.
    mean_size = of_equal_terms(arithmetic.total, list(map(abs, terms)))
    mean = arb(mean.mid(), max(mean.rad(), mean_size.rad()))
    plain = [o[j] * (v[j] - mean) for j in places]
    own = [abs(v[j]) + mean_size for j in places]
    sizes = [o[j] * size + abs(value) for j, size, value in zip(places, own, plain, strict=True)]
    whole = sum(map(abs, v), arb(0))
    reaches = [size + o[j] * whole for j, size in zip(places, own, strict=True)]
    products = len(v) - v.count(0)
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


SOFTMAX_BACKWARD = Quantity(
    name="softmax-backward",
    arguments=("logits", "v"),
    enclose=_enclose,
    textbook=_textbook,
    scale=_scale,
    masked_v=True,
)
