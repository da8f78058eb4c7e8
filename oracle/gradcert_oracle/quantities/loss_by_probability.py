"""The slopes ``dE/do_j`` of ``E(o, t) = -sum_j t_j ln o_j``, where every o_j is free and positive.

The step along coordinate j is ``o_j s``, so that the disc |s| <= 1/2 stays away from zero. Then
``ln(o_j (1 + s)) = ln o_j + ln(1 + s)``, and one slope serves all classes.

Examples
--------
>>> from gradcert_oracle import BINARY64, enclose, question
>>> free = question("dE/do", (0.5, 0.25), (1.0, 0.0), format=BINARY64)
>>> print(enclose(free)[0].str(20, radius=False))
-2.0000000000000000000
"""

from collections.abc import Sequence
from math import inf

import numpy as np
from flint import arb

from gradcert_oracle.batches import Batch
from gradcert_oracle.differences import analytic_log1p, central_differences
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import check_targets
from gradcert_oracle.screens import Reference, Screen
from gradcert_oracle.textbook import Arithmetic, Values
from gradcert_oracle.textbook_radii import Rounding
from gradcert_oracle.wider import Array, Pair

__all__ = ["LOSS_BY_PROBABILITY"]


def _enclose(question: Question, guard: int) -> Enclosures:
    o, t = question["probabilities"], question["targets"]
    if not o:
        raise ValueError("a row needs at least one class")
    if not all(0 < x < inf for x in o):
        raise ValueError("probabilities must be positive and finite")
    check_targets(t, o, "probabilities")

    def evaluate(places: Sequence[int]) -> list[arb]:
        (slope,) = central_differences(lambda s: [analytic_log1p(s)], radius=0.5)
        return [-t[j] * slope / o[j] for j in places]

    return refine(evaluate, len(o), question.format, guard)


def _textbook(question: Question, places: Sequence[int], _level: str, _: Arithmetic) -> Values:
    o, t = question["probabilities"], question["targets"]
    slopes = [t[j] * (1 / arb(o[j])) for j in places]  # The sign costs nothing.
    return Values(slopes, {}, list(map(abs, slopes)))


def _scale(question: Question) -> float:
    """Return the largest ``|t_k / o_k|``."""
    pairs = zip(question["probabilities"], question["targets"], strict=True)
    return max(abs(target / o) for o, target in pairs)


def _reference(batch: Batch) -> Reference:
    """Return ``-t_j / o_j``: the quotient of the significands, scaled by a power of two.

    Scaling is exact but for underflow, which costs less than 2^-1073.
    """
    wider = batch.arithmetic
    (targets, above), (o, below) = np.frexp(batch["targets"]), np.frexp(batch["probabilities"])
    quotient = wider.quotient(wider.number(-targets), wider.number(o))
    heads, tails = np.ldexp(quotient.head, above - below), quotient.tail
    if not isinstance(tails, float):
        tails = np.ldexp(tails, above - below)
    sizes, lost = np.abs(heads), np.full(len(o), 2.0**-1073)
    may_underflow = (targets != 0) & (sizes < 2.0**-900)
    error = 2 * wider.unit * sizes + lost[:, None] * may_underflow
    return Reference(Pair(heads, tails), error, sizes.max(axis=1), lost)


def _budget_at_least(batch: Batch, rounding: Rounding) -> Array:
    """Return ``u |t_j / o_j|``: the size of the value is charged one rounding."""
    bound: Array = np.abs(batch["targets"] / batch["probabilities"]) * rounding.unit
    return bound


def _budget_at_most(batch: Batch, rounding: Rounding) -> Array:
    """Return a part of the scale that no budget exceeds: a quotient, a product and a size.

    Each of the two operations widens its ball by about two u of the value; see
    :mod:`~gradcert_oracle.screens`.
    """
    return np.full(len(batch["targets"]), 16 * rounding.unit)


LOSS_BY_PROBABILITY = Quantity(
    name="dE/do",
    arguments=("probabilities", "targets"),
    enclose=_enclose,
    textbook=_textbook,
    scale=_scale,
    masked=False,
    unbounded=True,
    shift_invariant=False,
    needs_target=True,
    screen=Screen(
        reference=_reference, budget_at_least=_budget_at_least, budget_at_most=_budget_at_most
    ),
)
