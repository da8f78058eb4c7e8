r"""The gradient ``dE/dz_j`` of half the squared error of the logits themselves.

Output j is z_j, so a step along z_j changes one term of

.. math:: E = \frac12 \sum_j (z_j - t_j)^2 .

Examples
--------
>>> from gradcert_oracle import BINARY64, Loss, enclose, question
>>> identity = Loss(output="identity")
>>> asked = question("dE/dz", (3.0, 0.0), (1.0, 0.0), format=BINARY64, loss=identity)
>>> [float(slope) for slope in enclose(asked)]
[2.0, 0.0]
"""

from collections.abc import Sequence

import numpy as np
from flint import arb

from gradcert_oracle.batches import Batch
from gradcert_oracle.differences import Scalar, central_differences
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import check_logits, check_targets
from gradcert_oracle.screens import Reference, Screen
from gradcert_oracle.shared import with_shares
from gradcert_oracle.textbook import Arithmetic, Values
from gradcert_oracle.textbook_radii import Rounding
from gradcert_oracle.wider import Array

__all__ = ["IDENTITY_GRADIENT"]


def _enclose(question: Question, guard: int) -> Enclosures:
    z, t = question["logits"], question["targets"]
    check_logits(z, masked=False)
    check_targets(t, z, "logits")

    def evaluate(places: Sequence[int]) -> list[arb]:
        def family(s: Scalar) -> list[Scalar]:
            return [(z[j] - arb(t[j]) + s) ** 2 / 2 for j in places]

        return central_differences(family)

    return refine(evaluate, len(z), question.format, guard)


def _textbook(question: Question, places: Sequence[int], _level: str, _: Arithmetic) -> Values:
    z, t = question["logits"], question["targets"]
    slopes = [arb(z[j]) - t[j] for j in places]
    return Values(slopes, {}, list(map(abs, slopes)))


def _scale(question: Question) -> float:
    """Return the largest ``|z_k| + |t_k|``."""
    pairs = zip(question["logits"], question["targets"], strict=True)
    return max(abs(x) + abs(target) for x, target in pairs)


def _reference(batch: Batch) -> Reference:
    """Return ``z_j - t_j``, a difference of two numbers: exact as a pair, else rounded once."""
    z, t, wider = batch["logits"], batch["targets"], batch.arithmetic
    difference = wider.difference(z, t)
    error = 2 * wider.unit * np.abs(difference.head)
    return Reference(difference, error, (np.abs(z) + np.abs(t)).max(axis=1), np.zeros(len(z)))


def _budget_at_least(batch: Batch, rounding: Rounding) -> Array:
    """Return ``u |z_j - t_j|``: the size of the value is charged one rounding."""
    bound: Array = np.abs(batch["logits"] - batch["targets"]) * rounding.unit
    return bound


def _budget_at_most(batch: Batch, rounding: Rounding) -> Array:
    """Return a part of the scale that no budget exceeds: a difference and a size.

    The difference widens its ball by about two u of the value; see
    :mod:`~gradcert_oracle.screens`.
    """
    return np.full(len(batch["logits"]), 16 * rounding.unit)


IDENTITY_GRADIENT = with_shares(
    Quantity(
        name="dE/dz",
        arguments=("logits", "targets"),
        enclose=_enclose,
        textbook=_textbook,
        scale=_scale,
        output="identity",
        masked=False,
        shift_invariant=False,
        screen=Screen(
            reference=_reference, budget_at_least=_budget_at_least, budget_at_most=_budget_at_most
        ),
    )
)
