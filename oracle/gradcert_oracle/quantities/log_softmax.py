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

from flint import arb

from gradcert_oracle import textbook
from gradcert_oracle.definitions import relative_mass, shares
from gradcert_oracle.differences import analytic_log, analytic_log1p
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import check_logits, lookup
from gradcert_oracle.textbook import Arithmetic, Values

__all__ = ["LOG_SOFTMAX"]


def _enclose(question: Question, guard: int) -> Enclosures:
    z = question["logits"]
    check_logits(z, masked=False)
    logits = [z[j] for j in question.kinds]
    counts = list(Counter(question.equal).values())

    def evaluate(places: Sequence[int]) -> list[arb]:
        whole = shares(logits, counts)
        log_mass, largest = analytic_log(whole.mass).real, arb(logits[whole.top])
        return [
            analytic_log1p(-whole.others).real
            if j == whole.dominant
            else logits[j] - largest - log_mass
            for j in places
        ]

    balls = refine(evaluate, len(logits), question.format, guard)
    return tuple(lookup(question.kinds, balls, question.equal))


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


LOG_SOFTMAX = Quantity(
    name="log-softmax",
    arguments=("logits",),
    enclose=_enclose,
    textbook=_textbook,
    scale=_scale,
    masked=False,
    unbounded=True,
)
