"""Which cases of the plan a check tries on a claim."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar
from zlib import crc32

import numpy as np

from gradcert.checks.registry import Check, Part, is_linear
from gradcert.core.claim import Claim, claims_of
from gradcert.core.settings import Effort, SearchSettings
from gradcert.generation.dealers import UNLIKE
from gradcert.generation.dealing import plan
from gradcert.generation.plan import Item, PlannedCase
from gradcert.generation.scope import scope_of
from gradcert.generation.sizes import FEW, LONG

__all__ = ["planned_cases"]

_JACOBIAN_CLASSES = 64
"""The most classes of a Jacobian in a thorough run. It has as many entries as their square."""

_JACOBIAN_ENTRIES = 1 << 23
"""The most entries of the Jacobians of a batch."""

_BATCHES = 12

_SAMPLED = ((5, FEW), (FEW + 1, 256), (257, 2500), (2501, LONG), (LONG + 1, 31_999))
"""The ranges of classes of which a sample has one batch each, if there is any."""

_SAMPLED_ROWS, _SAMPLED_NUMBERS = 5, 4096
"""A sampled batch has all its rows, or five, or more if that many numbers are enough for them."""

_QUICK, _ONE_IN = 2048, 4
"""A quick run tries one in four of the cases of at most this many numbers."""

_T = TypeVar("_T")


def _spaced(cases: Sequence[_T], count: int) -> tuple[_T, ...]:
    """Return this many of the cases, evenly spaced, the last one too."""
    count = min(count, len(cases))
    return tuple(cases[(2 * i + 1) * len(cases) // (2 * count)] for i in range(count))


def _fits(case: PlannedCase, most: int) -> bool:
    """Return whether the Jacobians of a case have at most this number of classes, and fit."""
    return case.classes <= most and case.size * case.classes <= _JACOBIAN_ENTRIES


def _sample(cases: Sequence[PlannedCase], seed: int, check: Check) -> Iterator[PlannedCase]:
    """Yield one batch of each range of classes; every check and every seed has others.

    Where all batches are of other numbers of classes, there is one of them.
    """
    generator = np.random.default_rng([seed, crc32(check.id.encode())])
    ranges = [
        [case for case in cases if fewest <= case.classes <= most] for fewest, most in _SAMPLED
    ]
    for inside in filter(None, ranges if any(ranges) else [cases]):
        yield inside[int(generator.integers(len(inside)))]


def _shared_out(check: Check, claim: Claim, cases: Sequence[PlannedCase]) -> Sequence[PlannedCase]:
    """Return the part of the cases for a claim, where each shape is for one claim of a check.

    All claims have cases of the same shapes, and not as many of each.
    """
    among = [one for one in claims_of(claim.implementation) if check.applies(one)]
    shapes = sorted({(case.classes, case.rows) for case in cases})
    mine = set(shapes[among.index(claim) :: len(among)])
    return [case for case in cases if (case.classes, case.rows) in mine]


def _of_several_rows(cases: Sequence[PlannedCase]) -> Sequence[PlannedCase]:
    return [case for case in cases if case.rows > 1]


def _trimmed(case: PlannedCase, also: tuple[Item, ...] = ()) -> PlannedCase:
    """Return the first rows of a case, which then tries other items too."""
    rows = min(case.rows, max(_SAMPLED_ROWS, _SAMPLED_NUMBERS // case.classes))
    return replace(case, rows=rows, unlike=case.unlike[:rows], also=also)


def planned_cases(check: Check, claim: Claim, settings: SearchSettings) -> tuple[PlannedCase, ...]:
    """Return the cases of the plan that a check tries on a claim, from short rows to long ones.

    Where the subject compiles for each shape, the cases are shared out among the claims, unless the
    run is thorough.

    Examples
    --------
    >>> from gradcert.checks.registry import check_named
    >>> from gradcert_implementations import load
    >>> (claim,) = claims_of(load("numpy", quantities=["dE/dz"], formats=["binary32"]))
    >>> settings = SearchSettings(max_examples=1, seed=0)
    >>> wide = planned_cases(check_named("many-classes"), claim, settings)
    >>> 50257 in {case.classes for case in wide}
    True
    """
    if check.part is Part.NONE:
        return ()
    found = plan(scope_of(claim, settings.seed))
    short, long = found.few, found.many
    if claim.quantity.screen is None:
        # The oracle judges each of the unlike rows.
        long = tuple(replace(case, unlike=case.unlike[:UNLIKE]) for case in long)
    if not is_linear(claim):
        most = _JACOBIAN_CLASSES if settings.effort is Effort.THOROUGH else FEW
        most = max(most, claim.fewest_classes)
        # The check of long rows does not apply, so that of short rows tries them.
        short, long = tuple(case for case in (*short, *long) if _fits(case, most)), ()
    every = _of_several_rows((*short, *long))
    if claim.implementation.compiles_per_shape and settings.effort is not Effort.THOROUGH:
        short, long = (tuple(_shared_out(check, claim, cases)) for cases in (short, long))
    if settings.effort is Effort.QUICK:
        short, long = (
            tuple(case for case in cases if case.size <= _QUICK)[::_ONE_IN]
            for cases in (short, long)
        )
    match check.part:
        case Part.SHORT_ROWS:
            return short
        case Part.LONG_ROWS:
            return long
    # A subject of one vocabulary has no small case, and a claim's share may be a single row.
    several = _of_several_rows((*short, *long)) or every
    if check.part is Part.BATCHES:
        shorter = [case for case in several if case.classes <= LONG]
        return _spaced(shorter, _BATCHES) or tuple(map(_trimmed, _spaced(several, _BATCHES)))
    sampled = _sample(several, settings.seed, check)
    return tuple(_trimmed(case, check.items(claim)) for case in sampled)
