"""Rows of numbers: which rows the oracle accepts, and how equal classes share one computation."""

import itertools
from collections.abc import Hashable, Iterable, Sequence
from itertools import compress
from math import inf, isfinite, isnan
from typing import TypeVar

__all__ = [
    "Row",
    "all_finite",
    "check_logits",
    "check_masked_targets",
    "check_targets",
    "check_vector",
    "first_places",
    "has_both_signs",
    "lookup",
    "worth_grouping",
]

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")

Row = tuple[float, ...]
"""One row of logits, probabilities or targets. Every float is taken as exact."""


def all_finite(numbers: Sequence[float]) -> bool:
    """Return whether all numbers are finite. Nearly always their sum tells, which is quicker.

    Examples
    --------
    >>> all_finite((1e308, 1e308)), all_finite((0.0, inf)), all_finite((inf, -inf))
    (True, False, False)
    """
    return isfinite(sum(numbers)) or all(map(isfinite, numbers))


def check_logits(z: Row, *, masked: bool) -> None:
    """Raise ValueError unless the logits are finite; if `masked`, all but one may be -inf."""
    if not z:
        raise ValueError("a row needs at least one class")
    if not masked and not all_finite(z):
        raise ValueError("logits must be finite")
    # A sum is quicker, and NaN if a term is.
    if (isnan(sum(z)) and any(map(isnan, z))) or not isfinite(max(z)):
        raise ValueError("logits must be finite or -inf, and one of them finite")


def check_targets(t: Row, others: Row, others_are: str) -> None:
    """Raise ValueError unless there is one finite target for each of the `others`."""
    if len(others) != len(t):
        raise ValueError(
            f"{len(others)} {others_are} and {len(t)} targets: each class needs one of both"
        )
    if not all_finite(t):
        raise ValueError("targets must be finite")


def check_masked_targets(t: Row, z: Row) -> None:
    """Raise ValueError unless targets fit their logits, and are zero where a logit is -inf."""
    check_targets(t, z, "logits")
    if min(z) == -inf and any(compress(t, map((-inf).__eq__, z))):
        raise ValueError("a logit of -inf needs a target of zero")


def check_vector(v: Row, z: Row) -> None:
    """Raise ValueError unless there is one finite number v for each logit."""
    if len(z) != len(v):
        raise ValueError(f"{len(z)} logits and {len(v)} numbers v: each class needs one of both")
    if not all_finite(v):
        raise ValueError("v must be finite")


def has_both_signs(t: Row) -> bool:
    """Return whether some targets are negative and others positive, so that their sum may cancel.

    Examples
    --------
    >>> has_both_signs((1.0, -2.0)), has_both_signs((-1.0, 0.0))
    (True, False)
    """
    return min(t) < 0 < max(t)


def first_places(items: Iterable[Hashable]) -> list[int]:
    """Return for each item the index at which an equal item comes first.

    Examples
    --------
    >>> first_places("abba")
    [0, 1, 1, 0]
    """
    places: dict[Hashable, int] = {}
    return list(map(places.setdefault, items, itertools.count()))


def lookup(keys: Iterable[_Key], values: Iterable[_Value], items: Iterable[_Key]) -> list[_Value]:
    """Return for each item the value whose key equals it.

    Examples
    --------
    >>> lookup("ab", [1, 2], "abba")
    [1, 2, 2, 1]
    """
    return list(map(dict(zip(keys, values, strict=True)).__getitem__, items))


def worth_grouping(kinds: int, items: int) -> bool:
    """Return whether it saves time to compute each kind once and look up the value of each item."""
    return 10 * kinds < 9 * items
