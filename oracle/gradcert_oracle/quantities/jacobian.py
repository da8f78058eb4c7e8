"""The Jacobian ``do_i/dz_j`` of ``o = softmax(z)``, entry ``i * n + j`` of n classes.

Examples
--------
>>> from gradcert_oracle import BINARY64, enclose, question
>>> entries = enclose(question("do/dz", (0.0, 0.0), format=BINARY64))
>>> [entry.str(5, radius=False) for entry in entries]
['0.25000', '-0.25000', '-0.25000', '0.25000']
"""

from collections.abc import Sequence

import numpy as np
from flint import arb

from gradcert_oracle import textbook
from gradcert_oracle.batches import Batch
from gradcert_oracle.definitions import Step, relative_mass, shares
from gradcert_oracle.differences import Scalar, central_differences
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import check_logits
from gradcert_oracle.screens import Reference, Screen
from gradcert_oracle.textbook import Arithmetic, Values
from gradcert_oracle.textbook_radii import Rounding, share_radii
from gradcert_oracle.wider import Array, Pair

__all__ = ["JACOBIAN"]


def _enclose(question: Question, guard: int) -> Enclosures:
    z = question["logits"]
    check_logits(z, masked=True)
    n = len(z)

    def evaluate(places: Sequence[int]) -> list[arb]:
        columns = sorted({entry % n for entry in places})
        whole = shares(z, [1] * n)
        along = [whole.coordinate(j) for j in columns]

        def family(s: Scalar) -> list[Scalar]:
            step = Step.of(s)
            return [
                *(coordinate.own_probability(step) for coordinate in along),
                *(coordinate.other_probability(step) for coordinate in along),
            ]

        slopes = central_differences(family)
        own = dict(zip(columns, slopes[: len(columns)], strict=True))
        other = dict(zip(columns, slopes[len(columns) :], strict=True))
        return [
            own[j] if i == j else whole.own[i] * other[j]
            for i, j in (divmod(entry, n) for entry in places)
        ]

    return refine(evaluate, n * n, question.format, guard)


def _textbook(question: Question, _: Sequence[int], level: str, arithmetic: Arithmetic) -> Values:
    """Return ``o_j (1 - o_j)`` on the diagonal and ``o_i o_j`` off it, whose sign costs nothing."""
    o = textbook.softmax(question["logits"], level, arithmetic)
    plain = [o_i * o_j for o_i in o for o_j in o]
    sizes = [entry + entry for entry in plain]
    mirrored = {}
    diagonal = range(0, len(plain), len(o) + 1)
    others = arithmetic.total(o, range(len(o)))[1]
    for index, o_j, o_rest in zip(diagonal, o, others, strict=True):
        sizes[index] = o_j + plain[index]
        plain[index] = o_j * (1 - o_j)
        mirrored[index] = o_j * o_rest
    return Values(plain, mirrored, sizes)


def _scale(question: Question) -> float:
    """Return the largest probability."""
    return 1 / relative_mass(question["logits"])


def _reference(batch: Batch) -> Reference:
    """Return ``-o_i o_j``, and ``o_j (S - e_j) / S`` on the diagonal.

    ``S - e_j`` is the sum of the others where j is the top class. Elsewhere it is at least ``S /
    2``, so its relative error is at most three times that of S. Together it is below five times the
    error of a share.
    """
    softmax, wider = batch.softmax, batch.arithmetic
    rows, classes = batch["logits"].shape
    one = wider.number(np.ones(rows))
    o = wider.product(softmax.powers, wider.quotient(one, softmax.mass).per_row())
    mass = softmax.mass.per_row()
    others = wider.minus(mass, softmax.powers)
    # Every pair is made normal again by an addition of zero.
    others = wider.plus(others, wider.number(np.zeros((rows, classes))))
    places = np.arange(rows), softmax.top
    others.head[places] = softmax.others.head
    if not isinstance(others.tail, float):
        others.tail[places] = softmax.others.tail
    rest = wider.quotient(others, Pair(mass.head, mass.tail))
    left = Pair(o.head[:, :, None], o.tail if isinstance(o.tail, float) else o.tail[:, :, None])
    right = Pair(o.head[:, None, :], o.tail if isinstance(o.tail, float) else o.tail[:, None, :])
    entries = wider.product(left, right)
    heads, tails = -entries.head, -entries.tail
    along = wider.product(o, rest)
    diagonal = np.arange(classes)
    heads[:, diagonal, diagonal] = along.head
    if not isinstance(tails, float):
        tails[:, diagonal, diagonal] = along.tail
    lost = 4 * batch.lost(np.ones(rows))
    error = 5 * batch.error * np.abs(heads) + lost[:, None, None]
    return Reference(Pair(heads, tails), error, 1 / softmax.mass.head, lost)


def _budget_at_least(batch: Batch, rounding: Rounding) -> Array:
    """Return ``o_i o_j (r_i + r_j + 2 u)``, and ``o_j (r_j + u (1 + o_j))`` on the diagonal.

    ``o_j r_j`` bounds the radius of o_j from below; see
    :func:`~gradcert_oracle.textbook_radii.share_radii`. In a product the exponents are added, and A
    and B, which are within 2^-20 of one, are squared. So its relative radius is at least ``r_i +
    r_j``; q leaves out more than the squares take. On the diagonal, in ``o_j (1 - o_j)``, the balls
    of both factors are independent. With a and b the ends of the ball of o_j, the product contains
    ``a (1 - b)`` and ``b (1 - a)``, so its radius is at least ``(b - a) / 2 >= r_j o_j``. The sizes
    are ``2 o_i o_j`` and ``o_j + o_j^2``.
    """
    softmax = batch.softmax
    o, unit = softmax.powers.head / softmax.mass.head[:, None], rounding.unit
    radii = share_radii(batch, rounding)
    diagonal = np.arange(batch.classes)
    bound = o[:, :, None] * o[:, None, :] * (radii[:, :, None] + radii[:, None, :] + 2 * unit)
    bound[:, diagonal, diagonal] = o * (radii + unit * (1 + o))
    return bound


JACOBIAN = Quantity(
    name="do/dz",
    arguments=("logits",),
    shape=lambda rows, classes: (rows, classes, classes),
    enclose=_enclose,
    textbook=_textbook,
    scale=_scale,
    pooled=False,
    screen=Screen(reference=_reference, budget_at_least=_budget_at_least),
)
