r"""The gradient ``dE/dz_j`` of the binary cross-entropy of sigmoids, for any finite targets.

Output j depends on z_j alone, so a step along z_j changes one term of E:

.. math::
   o_j = \frac{1}{1 + e^{-z_j}}, \quad
   E = -\sum_j t_j \ln o_j + (1 - t_j) \ln (1 - o_j) = \sum_j \ln(1 + e^{z_j}) - t_j z_j .

The sigmoid of z_j is the softmax of z_j and 0. So the definition along z_j is that of
:mod:`~gradcert_oracle.definitions`, with the targets :math:`t_j, 1 - t_j`.

Examples
--------
>>> from gradcert_oracle import BINARY64, Loss, enclose, question
>>> sigmoid = Loss(output="sigmoid")
>>> asked = question("dE/dz", (0.0, 0.0), (1.0, 0.25), format=BINARY64, loss=sigmoid)
>>> [float(slope) for slope in enclose(asked)]
[-0.5, 0.25]
"""

from collections.abc import Sequence

from flint import arb

from gradcert_oracle import textbook
from gradcert_oracle.definitions import shares
from gradcert_oracle.differences import log_slopes
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import check_logits, check_targets
from gradcert_oracle.textbook import Arithmetic, Values

__all__ = ["SIGMOID_GRADIENT"]


def _enclose(question: Question, guard: int) -> Enclosures:
    z, t = question["logits"], question["targets"]
    check_logits(z, masked=False)
    check_targets(t, z, "logits")

    def evaluate(places: Sequence[int]) -> list[arb]:
        slopes = log_slopes([shares((-abs(z[j]), 0.0), (1, 1)).own[0] for j in places])
        return [
            1 - arb(t[j]) - slope if z[j] > 0 else slope - t[j]
            for j, slope in zip(places, slopes, strict=True)
        ]

    return refine(evaluate, len(z), question.format, guard)


def _textbook(
    question: Question, places: Sequence[int], level: str, arithmetic: Arithmetic
) -> Values:
    """Return ``o_j - t_j``, and the form of the complement."""
    z, t = question["logits"], question["targets"]
    values = Values([], {}, [])
    for index, j in enumerate(places):
        o_j, o_rest = textbook.softmax((z[j], 0.0), level, arithmetic)
        plain = o_j - t[j]
        values.plain.append(plain)
        values.mirrored[index] = o_j * (1 - arb(t[j])) - t[j] * o_rest
        values.sizes.append(o_j + abs(t[j]) + abs(plain))
    return values


def _scale(question: Question) -> float:
    """Return the largest ``1 + |t_k|``."""
    return 1 + max(map(abs, question["targets"]))


SIGMOID_GRADIENT = Quantity(
    name="dE/dz",
    arguments=("logits", "targets"),
    enclose=_enclose,
    textbook=_textbook,
    scale=_scale,
    output="sigmoid",
    masked=False,
    shift_invariant=False,
)
