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

from flint import arb

from gradcert_oracle.differences import analytic_log1p, central_differences
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import check_targets
from gradcert_oracle.textbook import Arithmetic, Values

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


LOSS_BY_PROBABILITY = Quantity(
    name="dE/do",
    arguments=("probabilities", "targets"),
    enclose=_enclose,
    textbook=_textbook,
    scale=_scale,
    masked=False,
    shift_invariant=False,
    needs_target=True,
)
