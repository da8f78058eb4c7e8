"""The gradient ``dE/dz_j`` of the cross-entropy ``E(softmax(z), t)``, for any finite targets.

Along z_j the definition is ``T ln(1 + o_j (e^s - 1)) - t_j s``, with T the sum of the targets; see
:mod:`~gradcert_oracle.definitions`.

Examples
--------
>>> from gradcert_oracle import BINARY64, enclose, question
>>> slopes = enclose(question("dE/dz", (0.0, 0.0), (1.0, 0.0), format=BINARY64))
>>> [float(slope) for slope in slopes]
[-0.5, 0.5]
"""

from collections import Counter
from collections.abc import Sequence
from math import exp

from flint import arb

from gradcert_oracle import textbook
from gradcert_oracle.definitions import relative_mass, shares
from gradcert_oracle.differences import log_slopes
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import check_logits, check_masked_targets, lookup
from gradcert_oracle.sums import float_sum
from gradcert_oracle.textbook import Arithmetic, Values

__all__ = ["GRADIENT"]


def _enclose(question: Question, guard: int) -> Enclosures:
    check_logits(question["logits"], masked=True)
    check_masked_targets(question["targets"], question["logits"])
    kinds = Counter(question.columns())
    logits, targets = zip(*kinds, strict=True)
    counts = list(kinds.values())
    with_target = [j for j, target in enumerate(targets) if target]

    def evaluate(places: Sequence[int]) -> list[arb]:
        whole = shares(logits, counts)
        dominant = whole.dominant
        rest = sum([arb(targets[j]) * counts[j] for j in with_target if j != dominant], arb(0))
        mass = rest if dominant is None else rest + targets[dominant]
        slopes = log_slopes([whole.own[j] if j != dominant else whole.others for j in places])
        return [
            rest - mass * slope if j == dominant else mass * slope - targets[j]
            for j, slope in zip(places, slopes, strict=True)
        ]

    balls = refine(evaluate, len(logits), question.format, guard)
    return tuple(lookup(kinds, balls, question.columns()))


def _textbook(
    question: Question, places: Sequence[int], level: str, arithmetic: Arithmetic
) -> Values:
    """Return ``o_j T - t_j``, and where t_j is not zero the form of the complement too.

    Where t_j is zero the other targets have the sum T, and the two forms are one.
    """
    t, total = question["targets"], arithmetic.total
    o = textbook.softmax(question["logits"], level, arithmetic)
    with_target = [(index, j) for index, j in enumerate(places) if t[j]]
    wanted = [j for _, j in with_target]
    if t.count(0) < len(t) - 1:
        distinct = dict.fromkeys(t)
        mass, others_targets = total(lookup(distinct, map(arb, distinct), t), wanted)
    else:  # The sum of one target and zeros is exact in any order: the target itself.
        mass, others_targets = arb(sum(t)) + 0, [arb(0)] * len(wanted)
    twice = abs(mass + mass)
    plain = [o[j] * mass for j in places]
    sizes = [o[j] * twice for j in places]
    mirrored = {}
    others = total(o, wanted)[1]
    for (index, j), t_rest, o_rest in zip(with_target, others_targets, others, strict=True):
        product = plain[index]
        plain[index] = product - t[j]
        mirrored[index] = o[j] * t_rest - t[j] * o_rest
        sizes[index] = abs(product) + abs(t[j]) + abs(plain[index])
    return Values(plain, mirrored, sizes)


def _scale(question: Question) -> float:
    """Return the largest ``o_k sum_i |t_i| + |t_k|``."""
    z, t = question["logits"], question["targets"]
    largest, whole = max(z), relative_mass(z)
    terms = [(x, target) for x, target in zip(z, t, strict=True) if target]
    mass = float_sum([abs(target) for _, target in terms])
    sizes = [exp(x - largest) / whole * mass + abs(target) for x, target in terms]
    return max([mass / whole, *sizes])


def _largest_target(question: Question) -> float:
    return max(map(abs, question["targets"]))


GRADIENT = Quantity(
    name="dE/dz",
    arguments=("logits", "targets"),
    enclose=_enclose,
    textbook=_textbook,
    scale=_scale,
    scale_at_least=_largest_target,
)
