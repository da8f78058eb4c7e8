"""The probabilities ``o_j = exp(z_j) / sum_k exp(z_k)`` of a row of logits, one for each class.

Examples
--------
>>> from gradcert_oracle import BINARY64, enclose, question
>>> print(enclose(question("softmax", (0.0, 0.0), format=BINARY64)))
(0.500000000000000, 0.500000000000000)
"""

from collections import Counter
from collections.abc import Sequence

from flint import arb

from gradcert_oracle import textbook
from gradcert_oracle.definitions import relative_mass, shares
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import check_logits, lookup
from gradcert_oracle.textbook import Arithmetic, Values

__all__ = ["SOFTMAX"]


def _enclose(question: Question, guard: int) -> Enclosures:
    z = question["logits"]
    check_logits(z, masked=True)
    kinds = Counter(z)
    logits, counts = list(kinds), list(kinds.values())

    def evaluate(places: Sequence[int]) -> list[arb]:
        own = shares(logits, counts).own
        return [own[j] for j in places]

    balls = refine(evaluate, len(logits), question.format, guard)
    return tuple(lookup(logits, balls, z))


def _textbook(
    question: Question, places: Sequence[int], level: str, arithmetic: Arithmetic
) -> Values:
    o = textbook.softmax(question["logits"], level, arithmetic)
    plain = [o[j] for j in places]
    return Values(plain, {}, plain)


def _scale(question: Question) -> float:
    """Return the largest probability."""
    return 1 / relative_mass(question["logits"])


SOFTMAX = Quantity(
    name="softmax",
    arguments=("logits",),
    enclose=_enclose,
    textbook=_textbook,
    scale=_scale,
)
