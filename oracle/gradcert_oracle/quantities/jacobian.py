"""The Jacobian ``do_i/dz_j`` of ``o = softmax(z)``, entry ``i * n + j`` of n classes.

Examples
--------
>>> from gradcert_oracle import BINARY64, enclose, question
>>> entries = enclose(question("do/dz", (0.0, 0.0), format=BINARY64))
>>> [entry.str(5, radius=False) for entry in entries]
['0.25000', '-0.25000', '-0.25000', '0.25000']
"""

from collections.abc import Sequence

from flint import arb

from gradcert_oracle import textbook
from gradcert_oracle.definitions import Step, relative_mass, shares
from gradcert_oracle.differences import Scalar, central_differences
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import check_logits
from gradcert_oracle.textbook import Arithmetic, Values

__all__ = ["JACOBIAN"]


def _enclose(question: Question, guard: int) -> Enclosures:
    z = question["logits"]
    check_logits(z, masked=True)
    n = len(z)

    def evaluate(places: Sequence[int]) -> list[arb]:
        columns = sorted({entry % n for entry in places})
        whole = shares(z, [1] * n)
        along = [whole.coordinate(j) for j in columns]

        def family(s: Scalar) -> list[Scalar]:
            step = Step.of(s)
            return [
                *(coordinate.own_probability(step) for coordinate in along),
                *(coordinate.other_probability(step) for coordinate in along),
            ]

        slopes = central_differences(family)
        own = dict(zip(columns, slopes[: len(columns)], strict=True))
        other = dict(zip(columns, slopes[len(columns) :], strict=True))
        return [
            own[j] if i == j else whole.own[i] * other[j]
            for i, j in (divmod(entry, n) for entry in places)
        ]

    return refine(evaluate, n * n, question.format, guard)


def _textbook(question: Question, _: Sequence[int], level: str, arithmetic: Arithmetic) -> Values:
    """Return ``o_j (1 - o_j)`` on the diagonal and ``o_i o_j`` off it, whose sign costs nothing."""
    o = textbook.softmax(question["logits"], level, arithmetic)
    plain = [o_i * o_j for o_i in o for o_j in o]
    sizes = [entry + entry for entry in plain]
    mirrored = {}
    diagonal = range(0, len(plain), len(o) + 1)
    others = arithmetic.total(o, range(len(o)))[1]
    for index, o_j, o_rest in zip(diagonal, o, others, strict=True):
        sizes[index] = o_j + plain[index]
        plain[index] = o_j * (1 - o_j)
        mirrored[index] = o_j * o_rest
    return Values(plain, mirrored, sizes)


def _scale(question: Question) -> float:
    """Return the largest probability."""
    return 1 / relative_mass(question["logits"])


JACOBIAN = Quantity(
    name="do/dz",
    arguments=("logits",),
    shape=lambda rows, classes: (rows, classes, classes),
    enclose=_enclose,
    textbook=_textbook,
    scale=_scale,
    pooled=False,
)
