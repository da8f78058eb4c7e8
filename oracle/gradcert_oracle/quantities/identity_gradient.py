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

from flint import arb

from gradcert_oracle.differences import Scalar, central_differences
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import check_logits, check_targets
from gradcert_oracle.textbook import Arithmetic, Values

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


IDENTITY_GRADIENT = Quantity(
    name="dE/dz",
    arguments=("logits", "targets"),
    enclose=_enclose,
    textbook=_textbook,
    scale=_scale,
    output="identity",
    masked=False,
    shift_invariant=False,
)
