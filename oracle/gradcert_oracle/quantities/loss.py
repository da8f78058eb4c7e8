"""The cross-entropy ``E = -sum_j t_j ln o_j`` with ``o = softmax(z)``, one value for each row.

Each ``-ln o_j`` is ``-ln(1 - (1 - o_j))`` where class j dominates, and
``max z - z_j + ln sum_k exp(z_k - max z)`` elsewhere. Both are sums of terms of one sign. Targets
are any finite numbers. If some are negative, E may cancel, and its scale is that of its terms.

Examples
--------
>>> from gradcert_oracle import BINARY64, enclose, question
>>> confident = question("loss", (40.0, 0.0), (1.0, 0.0), format=BINARY64)
>>> print(enclose(confident)[0].str(20, radius=False))
4.2483542552915889863e-18
"""

from collections import Counter
from collections.abc import Sequence
from math import log

import numpy as np
from flint import arb

from gradcert_oracle import textbook
from gradcert_oracle.batches import Batch, Rounding
from gradcert_oracle.definitions import relative_mass, shares
from gradcert_oracle.differences import analytic_log, analytic_log1p
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import check_logits, check_masked_targets, has_both_signs
from gradcert_oracle.screens import Reference, Screen
from gradcert_oracle.sums import float_sum, of_both_signs
from gradcert_oracle.textbook import Arithmetic, Values
from gradcert_oracle.wider import LOG_ERROR, LOG_LOST, Array, Pair

__all__ = ["LOSS"]


def _enclose(question: Question, guard: int) -> Enclosures:
    z, t = question["logits"], question["targets"]
    check_logits(z, masked=True)
    check_masked_targets(t, z)
    kinds = Counter(zip(z, t, strict=True))
    logits = [x for x, _ in kinds]

    def evaluate(_: Sequence[int]) -> list[arb]:
        whole = shares(logits, list(kinds.values()))
        log_mass, largest = analytic_log(whole.mass).real, arb(logits[whole.top])
        dominant = whole.dominant
        total = arb(0)
        for j, ((x, target), count) in enumerate(kinds.items()):
            if target and j == dominant:
                total -= target * analytic_log1p(-whole.others).real
            elif target:
                total += (largest - x + log_mass) * target * count
        return [total]

    return refine(evaluate, 1, question.format, guard)


def _textbook(question: Question, _: Sequence[int], level: str, arithmetic: Arithmetic) -> Values:
    log_o = textbook.softmax(question["logits"], level, arithmetic, logarithms=True)
    pairs = zip(question["targets"], log_o, strict=True)
    terms = [target * log_o_j for target, log_o_j in pairs if target]
    if has_both_signs(question["targets"]):
        value = of_both_signs(arithmetic.total, terms)[0][0]
    else:
        value = arithmetic.total(terms, ())[0] if terms else arb(0)
    return Values([value], {}, [sum(map(abs, terms), abs(value))])


def _scale(question: Question) -> float:
    """Return ``sum_k |t_k| (1 - ln o_k)``, which is ``E + sum_k t_k`` if no target is negative."""
    z, t = question["logits"], question["targets"]
    largest, log_mass = max(z), log(relative_mass(z))
    terms = [(x, target) for x, target in zip(z, t, strict=True) if target]
    mass = float_sum([abs(target) for _, target in terms])
    loss = float_sum([abs(target) * (largest - x + log_mass) for x, target in terms])
    return float_sum([mass, loss])


def _sizes(batch: Batch) -> Array:
    """Return ``sum_j |t_j| (|d_j| + ln S)``, the sizes of the terms of the loss."""
    sizes: Array = batch.moved.sizes + batch.targets.sizes * batch.log_mass.head
    return sizes


def _reference(batch: Batch) -> Reference:
    """Return ``sum_j t_j |d_j| + T ln(1 + R)``, with R the sum of all powers but the largest one.

    All terms are positive if no target is negative, and the logarithm's relative error is at most
    that of R and its own. So the error, relative to the sum of the sizes of the terms, is at most
    that of a share, see :class:`Batch`, with a rounding of each difference, which is within the
    error of a power, and six more operations.
    """
    wider, targets = batch.arithmetic, batch.targets
    less = Pair(-targets.total.head, -targets.total.tail)
    loss = wider.less(batch.moved.total, wider.product(less, batch.log_mass))
    lost = batch.lost(targets.sizes) * batch.classes + targets.sizes * LOG_LOST
    sizes = _sizes(batch)
    error = batch.error + LOG_ERROR + 6 * wider.unit
    return Reference(loss, sizes * error + lost, sizes + targets.sizes, lost)


def _budget_at_least(batch: Batch, rounding: Rounding) -> Array:
    """Return ``u (A + L + |E|) + v L + W r``, with r a radius of ``ln S``.

    Here ``A = sum_j |t_j d_j|``, L is the sum of the sizes ``|t_j ln o_j|`` of the terms, and W
    that of the targets. A term is ``t_j (d_j (1 +- u) - ln S) (1 +- v)``, with v the unit of a
    log-probability that is stored, and the ball of ln S counts in each of them. The ends are apart
    by at least twice ``|t_j| (u |d_j| + r + v |l_j|)``, and the radii of the terms of a sum add up,
    whatever their signs. The sizes charge one rounding of each term and of the sum: ``L + |E|``.

    The ball of S contains two numbers whose ratio is A / B, and half of its logarithm is at least
    one r; see :meth:`Batch.mass_radius <gradcert_oracle.batches.Batch.mass_radius>`. Each of the n
    powers is charged a loss to underflow of a. So the ball also contains ``S + n a`` and ``S - n
    a``, and ``n a / S`` is another r. The larger one counts.
    """
    sizes = _sizes(batch)
    loss = batch.moved.total.head + batch.targets.total.head * batch.log_mass.head
    lost = batch.classes * rounding.lost / batch.softmax.mass.head
    radius = batch.targets.sizes * np.maximum(batch.mass_radius(rounding), lost)
    bound: Array = rounding.unit * (batch.moved.sizes + sizes + np.abs(loss))
    bound += rounding.stored * sizes + radius
    return bound


LOSS = Quantity(
    name="loss",
    arguments=("logits", "targets"),
    shape=lambda rows, _: (rows,),
    enclose=_enclose,
    textbook=_textbook,
    scale=_scale,
    pooled=False,
    unbounded=True,
    screen=Screen(reference=_reference, budget_at_least=_budget_at_least),
)
