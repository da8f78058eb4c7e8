"""Precision that adapts: as much as an enclosure needs, for the coordinates that need it.

Precision starts near three halves of what the format asks, for central differences lose a third of
it, and doubles for the coordinates whose ball is still wide. Where a narrow ball cannot be had,
:class:`OracleError` is raised; a wide one is never returned.
"""

import itertools
from collections.abc import Callable, Hashable, Iterable, Sequence

from flint import arb, ctx

from gradcert_oracle.differences import OracleError
from gradcert_oracle.formats import Format

__all__ = ["GUARD", "Enclosures", "Row", "first_places", "refine", "worth_grouping"]

GUARD = 10
"""Enclosures are narrower than ``2**-GUARD`` ulp unless the caller asks for more."""

_MOST_BITS = 1 << 16

Row = tuple[float, ...]
"""A row of logits, probabilities or targets; every float is exact."""

Enclosures = tuple[arb, ...]
"""One ball a value, row-major."""


def first_places(items: Iterable[Hashable]) -> list[int]:
    """Return for each item where its like comes first.

    Examples
    --------
    >>> first_places("abba")
    [0, 1, 1, 0]
    """
    places: dict[Hashable, int] = {}
    return list(map(places.setdefault, items, itertools.count()))


def worth_grouping(kinds: int, items: int) -> bool:
    """Tell whether it saves time to compute each kind once and look up the values of all items."""
    return 10 * kinds < 9 * items


def refine(
    evaluate: Callable[[Sequence[int]], Sequence[arb]], count: int, format: Format, guard: int
) -> Enclosures:
    """Evaluate coordinates ``0 .. count - 1``, at a higher precision where the ball is wide.

    Parameters
    ----------
    evaluate
        Maps coordinates to their balls, at the working precision.
    count
        How many coordinates there are.
    format, guard
        Every ball returned is narrower than ``2**-guard`` ulp of the format.

    Raises
    ------
    OracleError
        Where that cannot be had.

    Examples
    --------
    >>> from gradcert_oracle import BINARY32
    >>> print(refine(lambda wide: [arb(2).sqrt() for _ in wide], 1, BINARY32, GUARD)[0].str(9))
    [1.41421356 +/- 2.38e-9]
    """
    result = [arb(0)] * count
    wide: Sequence[int] = range(count)
    bits = 3 * (format.precision + guard) // 2 + 32
    while wide:
        if bits > _MOST_BITS:
            raise OracleError(f"no ball narrower than 2**-{guard} ulp at {bits // 2} bits")
        with ctx.workprec(bits):
            for j, ball in zip(wide, evaluate(wide), strict=True):
                result[j] = ball
        wide = [j for j in wide if not format.narrow(result[j], guard)]
        bits *= 2
    return tuple(result)
