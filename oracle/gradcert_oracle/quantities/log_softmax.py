"""The logarithms ``ln o_j`` of ``o = softmax(z)``, one for each class of finite logits.

Where class j dominates, ``ln o_j`` is ``ln(1 - (1 - o_j))``. Elsewhere it is ``z_j - max z -
ln sum_k exp(z_k - max z)``, a sum of terms of one sign. So nothing cancels.

Examples
--------
>>> from gradcert_oracle import BINARY64, enclose, question
>>> logarithms = enclose(question("log-softmax", (40.0, 0.0), format=BINARY64))
>>> [logarithm.str(12, radius=False) for logarithm in logarithms]
['-4.24835425529e-18', '-40.0000000000']
"""

from collections import Counter
from collections.abc import Sequence
from math import log

import numpy as np
from flint import arb

from gradcert_oracle import textbook
from gradcert_oracle.batches import Batch
from gradcert_oracle.definitions import relative_mass, shares
from gradcert_oracle.differences import analytic_log, analytic_log1p
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import check_logits
from gradcert_oracle.screens import Reference, Screen
from gradcert_oracle.textbook import Arithmetic, Values
from gradcert_oracle.textbook_radii import Rounding, mass_radius
from gradcert_oracle.wider import LOG_ERROR, LOG_LOST, Array

__all__ = ["LOG_SOFTMAX"]


def _enclose(question: Question, guard: int) -> Enclosures:
    z = question["logits"]
    check_logits(z, masked=False)
    logits = [z[j] for j in question.kinds]
    counts = list(Counter(question.equal).values())

    def evaluate(places: Sequence[int]) -> list[arb]:
        whole = shares(logits, counts)
        log_mass, largest = analytic_log(whole.mass).real, arb(logits[whole.top])
        dominant = whole.dominant
        return [
            analytic_log1p(-whole.others).real if j == dominant else logits[j] - largest - log_mass
            for j in places
        ]

    balls = refine(evaluate, len(logits), question.format, guard)
    return question.of_each(balls)


def _textbook(
    question: Question, places: Sequence[int], level: str, arithmetic: Arithmetic
) -> Values:
    logs = textbook.softmax(question["logits"], level, arithmetic, logarithms=True)
    plain = [logs[j] for j in places]
    return Values(plain, {}, list(map(abs, plain)))


def _scale(question: Question) -> float:
    """Return the largest ``1 - ln o_k``."""
    z = question["logits"]
    return 1 + (max(z) - min(z)) + log(relative_mass(z))


def _sizes(batch: Batch) -> Array:
    """Return ``|d_j| + ln S``, with d the logits less the largest and S the sum of their powers."""
    sizes: Array = batch.log_mass.head[:, None] - batch.differences.head
    return sizes


def _reference(batch: Batch) -> Reference:
    """Return ``d_j - ln S``, both of which are negative or zero.

    The logarithm's relative error is at most that of the powers' sum without the largest, which
    that of a share covers, and its own; see :class:`~gradcert_oracle.batches.Batch`. A difference
    of logits is rounded, and so is that of d_j and the logarithm.
    """
    wider = batch.arithmetic
    values = wider.minus(batch.differences, batch.log_mass.per_row())
    lost = batch.lost(np.ones(len(values.head))) * batch.classes + LOG_LOST
    error = _sizes(batch) * (batch.error + LOG_ERROR + 6 * wider.unit) + lost[:, None]
    scale = 1 + _sizes(batch).max(axis=1)
    return Reference(values, error, scale, lost)


def _budget_at_least(batch: Batch, rounding: Rounding) -> Array:
    """Return ``u (|d_j| + |l_j|) + v |l_j| + r``, l_j the value and r a radius of ``ln S``.

    A value is ``(d_j (1 +- u) - ln S) (1 +- v)``, with v the unit of a log-probability that is
    stored, and the ball of ln S. So its ends are apart by at least ``2 (u |d_j| + r + v |l_j|)``.
    The sizes charge one rounding of it. r is a lower bound as that of the loss is: from
    :func:`~gradcert_oracle.textbook_radii.mass_radius`, or from what the powers lose to underflow.
    """
    lost = batch.classes * rounding.lost / batch.softmax.mass.head
    radius = np.maximum(mass_radius(batch, rounding), lost)[:, None]
    sizes = _sizes(batch)
    bound: Array = rounding.unit * (sizes - batch.differences.head) + rounding.stored * sizes
    return bound + radius


LOG_SOFTMAX = Quantity(
    name="log-softmax",
    arguments=("logits",),
    enclose=_enclose,
    textbook=_textbook,
    scale=_scale,
    masked=False,
    unbounded=True,
    screen=Screen(reference=_reference, budget_at_least=_budget_at_least),
)
