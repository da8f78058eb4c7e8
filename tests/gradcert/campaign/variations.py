"""Variations of the worst rows: near a bad row there may be a worse one."""

from collections.abc import Mapping, Sequence

import numpy as np

from gradcert.campaign.regimes import NUMBERS
from gradcert.core.case import Case, Regime
from gradcert.core.claim import Claim
from gradcert.core.stored import LOGITS
from gradcert.generation.draws import Seeded
from gradcert.generation.scope import largest_logit
from gradcert_implementations import Array
from gradcert_reports.model.rows import LongRow, Row

__all__ = ["can_vary", "parent_of", "varied"]

_SCALED, _JOINED = 0.3, 0.3
"""The part of the rows that are scaled, and joined with another one."""

_GIVEN = {LOGITS, "targets", "v"}
"""Arguments that a variation has; others are made of them by a forward pass."""


def can_vary(claim: Claim, arguments: Mapping[str, Row]) -> bool:
    """Return whether a row with these arguments can be varied: all its numbers are kept."""
    whole = not any(isinstance(row, LongRow) for row in arguments.values())
    return whole and LOGITS in arguments and set(claim.quantity.arguments) <= _GIVEN


def parent_of(claim: Claim, arguments: Mapping[str, Row]) -> Case:
    """Return the case of a recorded row.

    Examples
    --------
    >>> from gradcert.core.claim import claims_of
    >>> from gradcert_implementations import load
    >>> (claim,) = claims_of(load("numpy", quantities=["softmax"], formats=["binary32"]))
    >>> parent_of(claim, {"logits": ("1.5", "-inf")})["logits"].tolist()
    [[1.5, -inf]]
    """
    dtype = claim.format.dtype
    named = {name: np.array([row], np.float64).astype(dtype) for name, row in arguments.items()}
    named.setdefault("targets", np.eye(named[LOGITS].shape[1], dtype=dtype)[:1])
    return Case(named, (Regime("varied"),))


def _one_ulp_away(logits: Array, largest: float, generator: np.random.Generator) -> None:
    """Move one finite logit of each row to a neighbour in the format."""
    every = np.arange(len(logits))
    places = generator.integers(0, logits.shape[1], len(logits))
    upwards = generator.random(len(logits)) < 0.5
    old = logits[every, places]
    new = np.nextafter(old, np.where(upwards, largest, -largest).astype(logits.dtype))
    logits[every, places] = np.where(np.isfinite(old), new, old)


def _scaled(logits: Array, generator: np.random.Generator) -> None:
    """Make the logits of some rows smaller by one factor."""
    rows = generator.random(len(logits)) < _SCALED
    factors = 1 + np.exp2(-generator.uniform(1, 12, (int(rows.sum()), 1)))
    logits[rows] = (logits[rows].astype(np.float64) / factors).astype(logits.dtype)


def _joined(logits: Array, other: Array, generator: np.random.Generator) -> None:
    """Give some rows finite logits of another row."""
    rows = generator.random((len(logits), 1)) < _JOINED
    taken = rows & (generator.random(logits.shape) < 0.5)
    taken &= np.isfinite(logits) & np.isfinite(other)
    logits[:] = np.where(taken, other, logits)


def varied(claim: Claim, parents: Sequence[Case], generator: np.random.Generator) -> Case:
    """Return variations of one of some rows.

    A logit is one ulp up or down. In some rows all logits are scaled, or some are those of another
    of the rows. The classes are permuted.

    Examples
    --------
    >>> from gradcert.core.claim import claims_of
    >>> from gradcert_implementations import load
    >>> (claim,) = claims_of(load("numpy", quantities=["softmax"], formats=["binary32"]))
    >>> parent = parent_of(claim, {"logits": ("1.5", "-inf")})
    >>> case = varied(claim, [parent], np.random.default_rng(0))
    >>> case.rows > 30_000, bool((case["logits"].min(axis=1) == -np.inf).all())
    (True, True)
    """
    one, other = (parents[place] for place in generator.integers(0, len(parents), 2).tolist())
    rows = max(1, NUMBERS // one.classes)
    arguments = {name: np.repeat(array, rows, axis=0) for name, array in one.arguments.items()}
    logits = arguments[LOGITS]
    _one_ulp_away(logits, largest_logit(claim, Seeded.pattern), generator)
    _scaled(logits, generator)
    if other.classes == one.classes:
        _joined(logits, other[LOGITS], generator)
    order = np.argsort(generator.random(logits.shape), axis=1)
    permuted = {name: np.take_along_axis(a, order, axis=1) for name, a in arguments.items()}
    return Case(permuted, one.regimes * rows)
