"""The same backwards from what the forward has stored: from outputs, or from log-probabilities.

A kernel keeps the outputs y of a softmax, and its backward gets y and v. If y are dyadic numbers
that sum to exactly one, they are the shares of some logits, and the definition along one of these
logits is that of :mod:`~gradcert_oracle.quantities.softmax_backward` with the shares y.

Log-probabilities l that are stored are rounded, so ``sum_k e^l_k`` is not one exactly. They are
logits too, and their softmax is the truth. A kernel may take ``e^l_j`` for it, or divide by that
sum. Both are right, so the textbook's ball of a share contains both.

Examples
--------
>>> from gradcert_oracle import BINARY64, Question, enclose
>>> asked = Question(SOFTMAX_BACKWARD_OF_OUTPUTS, ((0.25, 0.75), (1.0, 0.0)), BINARY64)
>>> [float(slope) for slope in enclose(asked)]
[0.1875, -0.1875]
>>> asked = Question(LOG_SOFTMAX_BACKWARD_OF_LOGARITHMS, ((0.0, 0.0), (1.0, 0.0)), BINARY64)
>>> [float(slope) for slope in enclose(asked)]
[0.5, -0.5]
"""

from collections import Counter
from collections.abc import Sequence
from math import fsum

from flint import arb

from gradcert_oracle import textbook
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.quantities.log_softmax_backward import LOG_SOFTMAX_BACKWARD
from gradcert_oracle.quantities.softmax_backward import slopes_of, textbook_of
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import Row, check_vector
from gradcert_oracle.sums import of_both_signs
from gradcert_oracle.textbook import Arithmetic, Values

__all__ = ["LOG_SOFTMAX_BACKWARD_OF_LOGARITHMS", "SOFTMAX_BACKWARD_OF_OUTPUTS"]


def _check_outputs(y: Row) -> None:
    if not y:
        raise ValueError("a row needs at least one class")
    if min(y) < 0 or fsum((*y, -1.0)):
        raise ValueError("outputs must be zero or positive, and sum to exactly one")


def _enclose(question: Question, guard: int) -> Enclosures:
    y, v = question["outputs"], question["v"]
    _check_outputs(y)
    check_vector(v, y)
    outputs, numbers = [y[j] for j in question.kinds], tuple(v[j] for j in question.kinds)
    counts = list(Counter(question.equal).values())
    top = outputs.index(max(outputs))

    def evaluate(places: Sequence[int]) -> list[arb]:
        return slopes_of(list(map(arb, outputs)), top, numbers, counts, places)

    balls = refine(evaluate, len(outputs), question.format, guard)
    return question.of_each(balls)


def _textbook(question: Question, places: Sequence[int], _: str, arithmetic: Arithmetic) -> Values:
    o = list(map(arb, question["outputs"]))
    return textbook_of(o, question["v"], places, arithmetic).values


SOFTMAX_BACKWARD_OF_OUTPUTS = Quantity(
    name="softmax-backward",
    arguments=("outputs", "v"),
    enclose=_enclose,
    textbook=_textbook,
    scale=lambda question: 2 * max(question["outputs"]) * max(map(abs, question["v"])),
    masked=False,
    shift_invariant=False,
)


def _as_logits(question: Question) -> Question:
    rows = question["log-probabilities"], question["v"]
    return Question(LOG_SOFTMAX_BACKWARD, rows, question.format)


def _textbook_of_logarithms(
    question: Question, places: Sequence[int], level: str, arithmetic: Arithmetic
) -> Values:
    """Return ``v_j - o_j V``, with V the sum of all v and o_j from ``e^l_j`` to its share."""
    logarithms, v = question["log-probabilities"], question["v"]
    shares = textbook.softmax(logarithms, level, arithmetic)
    targets = list(map(arb, v))
    (total, _), (size, _) = of_both_signs(arithmetic.total, targets)
    values = Values([], {}, [])
    for j in places:
        o_j = shares[j].union(arb(logarithms[j]).exp() + arithmetic.lost)
        plain = v[j] - o_j * total
        values.plain.append(plain)
        values.sizes.append(2 * o_j * size + abs(targets[j]) + abs(plain))
    return values


LOG_SOFTMAX_BACKWARD_OF_LOGARITHMS = Quantity(
    name="log-softmax-backward",
    arguments=("log-probabilities", "v"),
    enclose=lambda question, guard: LOG_SOFTMAX_BACKWARD.enclose(_as_logits(question), guard),
    textbook=_textbook_of_logarithms,
    scale=lambda question: LOG_SOFTMAX_BACKWARD.scale(_as_logits(question)),
    masked=False,
    shift_invariant=False,
)
