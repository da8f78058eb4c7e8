r"""The gradient ``dE/dz_j`` of the binary cross-entropy of sigmoids, for any finite targets.

Output j depends on z_j alone, so a step along z_j changes one term of E:

.. math::
   o_j = \frac{1}{1 + e^{-z_j}}, \quad
   E = -\sum_j t_j \ln o_j + (1 - t_j) \ln (1 - o_j) = \sum_j \ln(1 + e^{z_j}) - t_j z_j .

The sigmoid of z_j is the softmax of z_j and 0. So the definition along z_j is that of
:mod:`~gradcert_oracle.definitions`, with the targets :math:`t_j, 1 - t_j`.

Examples
--------
>>> from gradcert_oracle import BINARY64, Loss, enclose, question
>>> sigmoid = Loss(output="sigmoid")
>>> asked = question("dE/dz", (0.0, 0.0), (1.0, 0.25), format=BINARY64, loss=sigmoid)
>>> [float(slope) for slope in enclose(asked)]
[-0.5, 0.25]
"""

from collections.abc import Sequence

import numpy as np
from flint import arb

from gradcert_oracle import textbook
from gradcert_oracle.batches import Batch
from gradcert_oracle.definitions import shares
from gradcert_oracle.differences import log_slopes
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import check_logits, check_targets
from gradcert_oracle.screens import Reference, Screen
from gradcert_oracle.shared import with_shares
from gradcert_oracle.textbook import Arithmetic, Values
from gradcert_oracle.textbook_radii import Rounding
from gradcert_oracle.wider import DEEPEST, Array, Pair

__all__ = ["SIGMOID_GRADIENT"]


def _enclose(question: Question, guard: int) -> Enclosures:
    z, t = question["logits"], question["targets"]
    check_logits(z, masked=False)
    check_targets(t, z, "logits")

    def evaluate(places: Sequence[int]) -> list[arb]:
        slopes = log_slopes([shares((-abs(z[j]), 0.0), (1, 1)).own[0] for j in places])
        return [
            1 - arb(t[j]) - slope if z[j] > 0 else slope - t[j]
            for j, slope in zip(places, slopes, strict=True)
        ]

    return refine(evaluate, len(z), question.format, guard)


def _textbook(
    question: Question, places: Sequence[int], level: str, arithmetic: Arithmetic
) -> Values:
    """Return ``o_j - t_j``, and the form of the complement."""
    z, t = question["logits"], question["targets"]
    values = Values([], {}, [])
    for index, j in enumerate(places):
        o_j, o_rest = textbook.softmax((z[j], 0.0), level, arithmetic)
        plain = o_j - t[j]
        values.plain.append(plain)
        values.mirrored[index] = o_j * (1 - arb(t[j])) - t[j] * o_rest
        values.sizes.append(o_j + abs(t[j]) + abs(plain))
    return values


def _scale(question: Question) -> float:
    """Return the largest ``1 + |t_k|``."""
    return 1 + max(map(abs, question["targets"]))


def _smaller(batch: Batch) -> Pair:
    """Return the smaller of ``o_j`` and ``1 - o_j``: ``p / (1 + p)`` with ``p = exp(-|z_j|)``.

    Its relative error is at most twice that of p and three operations, with what underflows beside.
    """
    z, wider = batch["logits"], batch.arithmetic
    power = wider.exp(wider.number(-np.abs(z)))
    return wider.quotient(power, wider.plus(wider.number(np.ones(z.shape)), power))


def _reference(batch: Batch) -> Reference:
    """Return ``o_j - t_j``, or ``(1 - t_j) - (1 - o_j)`` where z_j is positive.

    A difference of two numbers is exact as a pair, else it is rounded once.
    """
    z, t, wider = batch["logits"], batch["targets"], batch.arithmetic
    smaller, sign = _smaller(batch), np.where(z > 0, 1.0, -1.0)
    rest = wider.difference(np.where(z > 0, 1.0, 0.0), t)
    tail = smaller.tail if isinstance(smaller.tail, float) else sign * smaller.tail
    value = wider.less(rest, Pair(sign * smaller.head, tail))
    error = smaller.head * (1.01 * (2 * wider.exp_error + 3 * wider.unit))
    error += 3 * wider.unit * (np.abs(rest.head) + smaller.head)
    lost = batch.lost(np.ones(len(z)))
    return Reference(value, error + lost[:, None], 1 + np.abs(t).max(axis=1), lost)


def _budget_at_least(batch: Batch, rounding: Rounding) -> Array:
    """Return ``o_j (u d + v l) + a + u (o_j + |t_j| + |g_j|)``, with g_j the value itself.

    With d the distance of z_j from the larger of z_j and 0, and l that of ln o_j from 0, ``o_j (u d
    + v l)`` bounds the radius of the quotient o_j from below. It is that of a softmax of z_j and 0,
    see :func:`~gradcert_oracle.textbook_radii.share_radii`, whose sum is taken as exact: its ball
    contains S. Here v is the unit of a log-probability that is stored, and l is at least d and ``1
    - o_j`` where z_j is positive, or ``o_j``. What o_j may lose to underflow, a, is added to its
    ball. The sizes charge one rounding of each term and of the difference.
    """
    z, t = batch["logits"], batch["targets"]
    smaller = _smaller(batch).head
    o = np.where(z > 0, 1 - smaller, smaller)
    moved = np.minimum(np.maximum(-z, 0), -DEEPEST)
    bound: Array = rounding.unit * (o + np.abs(t) + np.abs(o - t)) + rounding.lost
    bound += o * (rounding.unit * moved + rounding.stored * (moved + smaller))
    return bound


def _budget_at_most(batch: Batch, rounding: Rounding) -> Array:
    """Return a part of the scale ``1 + max_k |t_k|`` that no budget exceeds, but for underflow.

    With the bounds of :mod:`~gradcert_oracle.screens` for two classes, where D is one and H below
    0.28, a probability has a radius below ``35 u + 8 a``, and ``1.4 v`` more where its logarithm is
    stored with a rounding of v. The complement's form has two of them and five roundings, each of
    at most ``4 u (1 + |t_j|)``, and the sizes add ``2 u (1 + |t_j|)``.
    """
    most = 128 * rounding.unit + 32 * rounding.lost + 4 * rounding.stored
    return np.full(len(batch["logits"]), most)


SIGMOID_GRADIENT = with_shares(
    Quantity(
        name="dE/dz",
        arguments=("logits", "targets"),
        enclose=_enclose,
        textbook=_textbook,
        scale=_scale,
        output="sigmoid",
        masked=False,
        shift_invariant=False,
        screen=Screen(
            reference=_reference, budget_at_least=_budget_at_least, budget_at_most=_budget_at_most
        ),
    )
)
