"""The backward of log-softmax, ``d/dz_j sum_k v_k ln o_k``.

That is the gradient of the cross-entropy whose targets are -v, of any sign. So its enclosure, its
textbook and its screen are those of ``dE/dz``, without options. A class whose v is not zero has a
finite logit.

Examples
--------
>>> from gradcert_oracle import BINARY64, enclose, question
>>> asked = question("log-softmax-backward", (0.0, 0.0), (1.0, 0.0), format=BINARY64)
>>> [float(slope) for slope in enclose(asked)]
[0.5, -0.5]
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gradcert_oracle.precision import Enclosures
from gradcert_oracle.quantities.gradient import GRADIENT
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.textbook import Arithmetic, Values
from gradcert_oracle.wider import Array

__all__ = ["LOG_SOFTMAX_BACKWARD"]


def _gradient(question: Question) -> Question:
    """Return the question about the gradient with targets of -v."""
    targets = tuple(-x for x in question["v"])
    return Question(GRADIENT, (question["logits"], targets), question.format)


def _enclose(question: Question, guard: int) -> Enclosures:
    return GRADIENT.enclose(_gradient(question), guard)


def _textbook(
    question: Question, places: Sequence[int], level: str, arithmetic: Arithmetic
) -> Values:
    return GRADIENT.textbook(_gradient(question), places, level, arithmetic)


def _gradient_in(arguments: Mapping[str, Array]) -> dict[str, Array]:
    """Return the arguments of the gradient's screen. It accepts what the gradient's judge does."""
    return {"logits": arguments["logits"], "targets": -arguments["v"]}


LOG_SOFTMAX_BACKWARD = Quantity(
    name="log-softmax-backward",
    arguments=("logits", "v"),
    enclose=_enclose,
    textbook=_textbook,
    scale=lambda question: GRADIENT.scale(_gradient(question)),
    scale_at_least=lambda question: GRADIENT.scale_at_least(_gradient(question)),
    screen=GRADIENT.screen and replace(GRADIENT.screen, arguments=_gradient_in),
)
