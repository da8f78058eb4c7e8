"""The parameters of a flaw, fitted to the rows that refute a subject."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice
from typing import cast

import numpy as np

from gradcert.core.claim import Claim
from gradcert.core.evidence import Evidence
from gradcert.core.shares import with_ignored_labels
from gradcert_implementations import Array, Loss, QuantityName
from gradcert_implementations.parametric import Between, OneOf, ParametricFlaw, Seen
from gradcert_implementations.plain_terms import in_plain_terms

__all__ = ["fitted", "seen"]

_GRID, _ZOOMS = 40, 6
"""Numbers of a grid, and how often a finer one is laid around the best of them."""

_FAR = 0.1
"""A distance that rounding in no format makes, once the best number is known to three digits."""

_NOISE = 1e-6
"""Distances below it are equal: the best number is known to some seven digits."""

_FITTED, _FEW, _NUMBERS = 16, 3, 1 << 14
"""Rows that parameters are fitted to at once. Fewer are where they have more numbers together."""

_TRIED = 40
"""Values of the parameters that are tried, at most."""

_DIGITS = 1, 2, 3, 4, 5, 6, 17
"""Significant digits of a number that is tried: the fewest first."""


def seen(claim: Claim, evidence: Evidence) -> Seen:
    """Return a refuting row as a flaw reads it: of the plain loss, without upstream gradient."""
    upstream = claim.share(evidence.case, evidence.row).upstream or 1.0
    asked = with_ignored_labels(claim.loss, evidence.case)
    found = Seen(
        {name: asked[name] for name in claim.quantity.arguments},
        evidence.row,
        np.array(evidence.returned, float) / upstream,
        np.array(evidence.expected, float) / upstream,
        claim.format.dtype,
    )
    if claim.loss == Loss():
        return found
    with np.errstate(all="ignore"):
        return in_plain_terms(found, claim.loss)


def _distance(answers: Iterable[Array], rows: Sequence[Seen]) -> float:
    """Return how far answers are from what was returned, in units of the rows."""
    total = 0.0
    for found, one in zip(answers, rows, strict=True):
        answer = found.ravel().astype(float)
        both = np.isfinite(answer) & np.isfinite(one.returned)
        if not np.array_equal(np.isfinite(answer), np.isfinite(one.returned)):
            return np.inf
        scale = np.abs(one.returned[both]).sum() + np.abs(one.expected[both]).sum()
        total += float(np.abs(answer - one.returned)[both].sum() / scale) if scale else 0.0
    return total


def _between(
    flaw: ParametricFlaw, claim: Claim, rows: Sequence[Seen], within: Between
) -> list[tuple[float, ...]]:
    """Return numbers that explain the rows nearly as well as the best, the shortest first.

    A flaw with a number from a range treats each row by itself, so no other row is computed.
    """
    quantity = cast("QuantityName", claim.quantity.name)
    wide = [[x[[one.row]].astype(np.float64) for x in one.arguments.values()] for one in rows]

    def distance(exponent: float) -> float:
        with np.errstate(all="ignore"):
            function = flaw.at(float(np.exp(exponent)))[quantity]
            return _distance((function(*arguments) for arguments in wide), rows)

    low, high = np.log(within.low), np.log(within.high)
    for zoom in range(_ZOOMS):
        grid = np.linspace(low, high, _GRID)
        at_grid = np.array([distance(exponent) for exponent in grid])
        place = int(at_grid.argmin())
        if not np.isfinite(at_grid[place]):
            return []
        if zoom == 0 and place in (0, _GRID - 1):
            return []  # The end of a range is a limit, and no number that explains.
        if zoom == _ZOOMS // 2 and at_grid[place] > _FAR:
            return []
        low, high = grid[max(0, place - 1)], grid[min(place + 1, _GRID - 1)]
    best = float(np.exp(grid[place]))
    rounded = list(dict.fromkeys(float(f"{best:.{digits}g}") for digits in _DIGITS))
    distances = [distance(float(np.log(number))) for number in rounded]
    good = 4 * min(distances) + _NOISE
    return [(number,) for number, d in zip(rounded, distances, strict=True) if d <= good]


def _short(rows: Sequence[Seen]) -> Sequence[Seen]:
    """Return the first rows, as many as have few numbers together, and at least one."""
    numbers = accumulate(len(row.returned) for row in rows)
    return rows[: max(1, sum(total <= _NUMBERS for total in numbers))]


def _groups(rows: Sequence[Seen]) -> Iterator[Sequence[Seen]]:
    """Yield groups of rows to fit to: some of all sizes, the first few, and the longest.

    A row may be one on which a flaw shows nothing, or shows another thing.
    """
    several = [row for row in rows if len(row.returned) > 1] or rows
    longest = sorted(several, key=lambda row: -len(row.returned))[:_FEW]
    groups = [several[:: 1 + len(several) // _FITTED], several[:_FEW], longest]
    groups += [[row] for row in (*several[:_FEW], *longest)]
    short = [_short(group) for group in groups]
    yield from {frozenset(map(id, group)): group for group in short}.values()


def fitted(flaw: ParametricFlaw, claim: Claim, rows: Sequence[Seen]) -> Iterator[ParametricFlaw]:
    """Yield the flaw with values of its parameters that may explain rows, the likeliest first.

    Parameters
    ----------
    flaw
        What it leaves open is fitted.
    claim
        The claim that the rows refute.
    rows
        Refuting rows with their values, that of the smallest case first.
    """
    tried = set()
    for group in _groups(rows):
        if isinstance(flaw.fit, Between):
            found = _between(flaw, claim, group, flaw.fit)
        elif isinstance(flaw.fit, OneOf):
            found = list(flaw.fit.values)
        else:
            with np.errstate(all="ignore"):
                found = list(islice(flaw.fit(group), _TRIED))
        for values in found:
            if values not in tried:
                tried.add(values)
                yield flaw.with_values(*values)
