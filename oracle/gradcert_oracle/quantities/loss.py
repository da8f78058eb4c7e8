"""The cross-entropy ``E = -sum_j t_j ln o_j`` with ``o = softmax(z)``, one value for each row.

Each ``-ln o_j`` is ``-ln(1 - (1 - o_j))`` where class j dominates, and
``max z - z_j + ln sum_k exp(z_k - max z)`` elsewhere. Both are sums of terms of one sign.

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

from flint import arb

from gradcert_oracle import textbook
from gradcert_oracle.definitions import relative_mass, shares
from gradcert_oracle.differences import analytic_log, analytic_log1p
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import check_logits, check_masked_targets
from gradcert_oracle.sums import float_sum
from gradcert_oracle.textbook import Arithmetic, Values

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
    value = arithmetic.total(terms, ())[0] if terms else arb(0)
    return Values([value], {}, [sum(map(abs, terms), abs(value))])


def _scale(question: Question) -> float:
    """Return ``E + sum_k |t_k|``."""
    z, t = question["logits"], question["targets"]
    largest, log_mass = max(z), log(relative_mass(z))
    terms = [(x, target) for x, target in zip(z, t, strict=True) if target]
    mass = float_sum([abs(target) for _, target in terms])
    loss = float_sum([target * (largest - x + log_mass) for x, target in terms])
    return float_sum([mass, loss])


LOSS = Quantity(
    name="loss",
    arguments=("logits", "targets"),
    shape=lambda rows, _: (rows,),
    enclose=_enclose,
    textbook=_textbook,
    scale=_scale,
    pooled=False,
    unbounded=True,
)
