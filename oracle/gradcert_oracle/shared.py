"""Shares for a quantity that knows none: its values are multiplied by ``M g / D``.

The derivative of ``M g E / D`` is ``M g / D`` times that of E: both are limits of the same
quotients.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from flint import arb, ctx

from gradcert_oracle.effective_targets import exactly
from gradcert_oracle.losses import PLAIN_SHARE, Loss
from gradcert_oracle.options_textbook import factor, stored_before
from gradcert_oracle.precision import Enclosures
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.textbook import Arithmetic, Values

__all__ = ["with_shares"]


def _plain(question: Question) -> Question:
    return replace(question, loss=Loss(output=question.loss.output), share=PLAIN_SHARE)


def _factor(question: Question) -> Fraction:
    upstream, multiplier = Fraction(question.share.upstream), Fraction(question.loss.multiplier)
    return multiplier * upstream / question.share.divisor


def with_shares(quantity: Quantity) -> Quantity:
    """Return the same quantity, which answers for any share of a row and any multiplier.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64, IDENTITY_GRADIENT, Loss, Question, Share, enclose
    >>> rows, share = ((3.0, 0.0), (1.0, 0.0)), Share(upstream=-1.0, divisor=Fraction(4))
    >>> asked = Question(IDENTITY_GRADIENT, rows, BINARY64, Loss(output="identity"), share)
    >>> [float(slope) for slope in enclose(asked)]
    [-0.5, 0.0]
    """

    def enclose(question: Question, guard: int) -> Enclosures:
        if question.is_plain:
            return quantity.enclose(question, guard)
        size = _factor(question)
        # What underflows is narrow beside the smallest subnormal number before it is multiplied.
        more = guard + 4 + int(abs(size)).bit_length()
        balls = quantity.enclose(_plain(question), more)
        with ctx.workprec(question.format.precision + 2 * more + 64):
            return tuple(exactly(size) * ball for ball in balls)

    def textbook(
        question: Question, places: Sequence[int], level: str, arithmetic: Arithmetic
    ) -> Values:
        if question.is_plain:
            return quantity.textbook(question, places, level, arithmetic)
        upstream, lost = question.share.upstream, arithmetic.lost
        found = quantity.textbook(_plain(question), places, level, arithmetic)
        numbers = 1 / question.share.divisor, Fraction(question.loss.multiplier)
        front = factor(upstream, numbers, lost)
        plain, size = [front.value * value for value in found.plain], abs(front.value)
        largest = max(map(arb.upper, found.sizes))
        return Values(
            plain,
            {index: front.value * value for index, value in found.mirrored.items()},
            [size * one + abs(value) for one, value in zip(found.sizes, plain, strict=True)],
            (front.lost * (1 + largest) + stored_before(upstream, arithmetic)).upper(),
        )

    def scale(question: Question) -> float:
        return quantity.scale(_plain(question)) * abs(float(_factor(question)))

    return replace(
        quantity, enclose=enclose, textbook=textbook, scale=scale, shares=True, upstream=True
    )
