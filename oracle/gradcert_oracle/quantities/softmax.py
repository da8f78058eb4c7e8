"""The probabilities ``o_j = exp(z_j) / sum_k exp(z_k)`` of a row of logits, one for each class.

Examples
--------
>>> from gradcert_oracle import BINARY64, enclose, question
>>> print(enclose(question("softmax", (0.0, 0.0), format=BINARY64)))
(0.500000000000000, 0.500000000000000)
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from flint import arb

from gradcert_oracle import textbook
from gradcert_oracle.batches import Batch
from gradcert_oracle.definitions import relative_mass, shares
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import check_logits
from gradcert_oracle.screens import Reference, Screen
from gradcert_oracle.textbook import Arithmetic, Values
from gradcert_oracle.textbook_radii import Rounding, share_radii
from gradcert_oracle.wider import Array

__all__ = ["SOFTMAX"]


def _enclose(question: Question, guard: int) -> Enclosures:
    z = question["logits"]
    check_logits(z, masked=True)
    logits = [z[j] for j in question.kinds]
    counts = list(Counter(question.equal).values())

    def evaluate(places: Sequence[int]) -> list[arb]:
        own = shares(logits, counts).own
        return [own[j] for j in places]

    balls = refine(evaluate, len(logits), question.format, guard)
    return question.of_each(balls)


def _textbook(
    question: Question, places: Sequence[int], level: str, arithmetic: Arithmetic
) -> Values:
    o = textbook.softmax(question["logits"], level, arithmetic)
    plain = [o[j] for j in places]
    return Values(plain, {}, plain)


def _scale(question: Question) -> float:
    """Return the largest probability."""
    return 1 / relative_mass(question["logits"])


def _least_scale(question: Question) -> float:
    """Return one over the number of classes: the largest of so many shares is no less."""
    return 1 / question.classes


def _reference(batch: Batch) -> Reference:
    softmax, wider = batch.softmax, batch.arithmetic
    factor = wider.quotient(wider.number(np.ones_like(softmax.mass.head)), softmax.mass)
    o = wider.product(softmax.powers, factor.per_row())
    lost = batch.lost(np.ones_like(factor.head))
    return Reference(o, o.head * batch.error + lost[:, None], factor.head, lost)


def _budget_at_least(batch: Batch, rounding: Rounding) -> Array:
    """Return ``o_j (r_j + u)``: the radius of o_j, and one rounding of it that its size is charged.

    r_j is at least ``u |d_j|``; see :func:`~gradcert_oracle.textbook_radii.share_radii`.
    """
    softmax = batch.softmax
    o = softmax.powers.head / softmax.mass.head[:, None]
    bound: Array = (share_radii(batch, rounding) + rounding.unit) * o
    return bound


SOFTMAX = Quantity(
    name="softmax",
    arguments=("logits",),
    enclose=_enclose,
    textbook=_textbook,
    scale=_scale,
    scale_at_least=_least_scale,
    screen=Screen(reference=_reference, budget_at_least=_budget_at_least),
)
