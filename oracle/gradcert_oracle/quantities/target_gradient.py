"""The gradient ``dE/dt_j`` of the cross-entropy by its targets, for targets that are learned.

E is a linear function of each target, ``E(t + s e_j) - E(t) = -s ln o_j``. So its central
difference over any step is ``-ln o_j`` exactly, whatever the targets are: the negative of
log-softmax. The sign costs nothing.

Examples
--------
>>> from gradcert_oracle import BINARY64, enclose, question
>>> slopes = enclose(question("dE/dt", (40.0, 0.0), (0.5, 0.5), format=BINARY64))
>>> [slope.str(12, radius=False) for slope in slopes]
['4.24835425529e-18', '40.0000000000']
"""

from collections.abc import Sequence
from dataclasses import replace

from flint import ctx

from gradcert_oracle.batches import Batch
from gradcert_oracle.precision import Enclosures
from gradcert_oracle.quantities.log_softmax import LOG_SOFTMAX
from gradcert_oracle.questions import Question
from gradcert_oracle.rows import check_targets
from gradcert_oracle.screens import Reference
from gradcert_oracle.textbook import Arithmetic, Values

__all__ = ["TARGET_GRADIENT"]


def _enclose(question: Question, guard: int) -> Enclosures:
    check_targets(question["targets"], question["logits"], "logits")
    balls = LOG_SOFTMAX.enclose(question, guard)
    with ctx.workprec(question.format.precision + 2 * guard + 64):  # A sign is rounded too.
        return tuple(-ball for ball in balls)


def _textbook(
    question: Question, places: Sequence[int], level: str, arithmetic: Arithmetic
) -> Values:
    found = LOG_SOFTMAX.textbook(question, places, level, arithmetic)
    return Values([-value for value in found.plain], {}, found.sizes)


def _reference(batch: Batch) -> Reference:
    assert LOG_SOFTMAX.screen is not None
    found = LOG_SOFTMAX.screen.reference(batch)
    return replace(found, values=found.values.times(-1.0))


TARGET_GRADIENT = replace(
    LOG_SOFTMAX,
    name="dE/dt",
    arguments=("logits", "targets"),
    enclose=_enclose,
    textbook=_textbook,
    screen=LOG_SOFTMAX.screen and replace(LOG_SOFTMAX.screen, reference=_reference),
)
