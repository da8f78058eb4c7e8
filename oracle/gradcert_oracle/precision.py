"""Adaptive precision: every coordinate is computed with the bits that its enclosure needs.

A central difference loses a third of the working precision. So the precision starts near three
halves of what the format needs, and it doubles for the coordinates whose ball is still too wide. If
no precision gives a narrow ball, :class:`OracleError` is raised. A wide ball is never returned.
"""

from collections.abc import Callable, Sequence

from flint import arb, ctx

from gradcert_oracle.differences import OracleError
from gradcert_oracle.formats import Format

__all__ = ["GUARD", "Enclosures", "refine"]

GUARD = 10
"""Enclosures are narrower than ``2**-GUARD`` ulp unless the caller asks for more."""

_MOST_BITS = 1 << 16

Enclosures = tuple[arb, ...]
"""One ball for each value, row-major. The true value lies in the ball."""


def refine(
    evaluate: Callable[[Sequence[int]], Sequence[arb]], count: int, format: Format, guard: int
) -> Enclosures:
    """Evaluate coordinates ``0 .. count - 1``, with more precision where the ball is wide.

    Parameters
    ----------
    evaluate
        Maps coordinates to their balls, at the working precision.
    count
        The number of coordinates.
    format, guard
        Every ball returned is narrower than ``2**-guard`` ulp of the format.

    Raises
    ------
    OracleError
        If no precision gives balls that narrow.

    Examples
    --------
    >>> from gradcert_oracle import BINARY32
    >>> print(refine(lambda wide: [arb(2).sqrt() for _ in wide], 1, BINARY32, GUARD)[0].str(9))
    [1.41421356 +/- 2.38e-9]
    """
    result = [arb(0)] * count
    wide: Sequence[int] = range(count)
    bits = 3 * (format.precision + guard) // 2 + 32
    enough = format.accurate_bits(guard)
    while wide:
        if bits > _MOST_BITS:
            raise OracleError(f"no ball narrower than 2**-{guard} ulp at {bits // 2} bits")
        with ctx.workprec(bits):
            balls = evaluate(wide)
        if len(wide) == count:
            result = list(balls)
        else:
            for j, ball in zip(wide, balls, strict=True):
                result[j] = ball
        wide = [
            j
            for j, ball in zip(wide, balls, strict=True)
            if ball.rel_accuracy_bits() < enough and not format.narrow(ball, guard)
        ]
        bits *= 2
    return tuple(result)
