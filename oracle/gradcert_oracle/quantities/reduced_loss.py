"""The loss of a batch, one value for all rows: the sum of the values that its rows count.

Each part of the question asks for the loss of one row, and its share has the divisor of the
reduction. So a mean is a sum too. A row that does not count adds nothing.

Examples
--------
>>> from fractions import Fraction
>>> from gradcert_oracle import BINARY64, LOSS, Question, Share, enclose
>>> half = Share(divisor=Fraction(2))
>>> rows = [((0.0, 0.0), (1.0, 0.0)), ((40.0, 0.0), (1.0, 0.0))]
>>> parts = tuple(Question(LOSS, row, BINARY64, share=half) for row in rows)
>>> print(enclose(Question(REDUCED_LOSS, (), BINARY64, parts=parts))[0].str(15, radius=False))
0.346573590279973
"""

from collections.abc import Sequence

from flint import arb, ctx

from gradcert_oracle.budgets import scale
from gradcert_oracle.options_textbook import sum_of
from gradcert_oracle.precision import Enclosures, refine
from gradcert_oracle.quantities.loss import LOSS
from gradcert_oracle.questions import Quantity, Question, enclose
from gradcert_oracle.sums import float_sum
from gradcert_oracle.textbook import Arithmetic, Values

__all__ = ["REDUCED_LOSS"]


def _enclose(question: Question, guard: int) -> Enclosures:
    def evaluate(_: Sequence[int]) -> list[arb]:
        more = ctx.prec - question.format.precision
        return [sum([value for part in question.parts for value in enclose(part, more)], arb(0))]

    return refine(evaluate, 1, question.format, guard)


def _textbook(question: Question, _: Sequence[int], level: str, arithmetic: Arithmetic) -> Values:
    """Return the sum of the values of the rows, each of which may underflow as it is stored."""
    terms, sizes, lost = [], [], arb(0)
    for part in (part for part in question.parts if part.share.kept):
        values = part.quantity.textbook(part, (), level, arithmetic)
        forms = [*values.plain, *values.mirrored.values()]
        widest = max(form.rad() for form in forms)
        terms.append(arb(forms[0].mid(), widest))
        lost += arithmetic.flushed + values.lost
        sizes += [*values.sizes, abs(terms[-1])]
    value = sum_of(terms, arithmetic)
    return Values([value], {}, [sum(sizes, abs(value))], lost.upper())


def _scale(question: Question) -> float:
    """Return the sum of the scales of the rows."""
    return float_sum(map(scale, question.parts))


REDUCED_LOSS = Quantity(
    name="loss",
    arguments=("logits", "targets"),
    shape=lambda _rows, _classes: (),
    enclose=_enclose,
    textbook=_textbook,
    scale=_scale,
    pooled=False,
    unbounded=True,
    options=True,
    shares=True,
    reduces=True,
    screen=LOSS.screen,
)
