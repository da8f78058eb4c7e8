"""Rows of numbers on one line: those of the refuting case, and of the answer to it."""

from collections import Counter
from dataclasses import dataclass

from gradcert_reports.model.results import Discrepancy
from gradcert_reports.model.rows import Row, everywhere_else, kept, length
from gradcert_reports.text.phrases import place, singular

__all__ = ["arguments", "values", "wrong_value"]

_SHOWN = 12
"""Values of a row that are written out."""

_UNLIKE = 6
"""Values that a row is described by, if all others are equal."""

_ONE_HOT = ("0.0", "1.0")


@dataclass(frozen=True)
class _Alike:
    """A row in which nearly all numbers are equal.

    Attributes
    ----------
    number
        The common number.
    others
        The few others, by their places.
    """

    number: str
    others: dict[int, str]


def _alike(row: Row) -> _Alike | None:
    """Return how a long row is described by its common number; None if that takes too many."""
    known, rest = kept(row), everywhere_else(row)
    if length(row) <= _SHOWN or (rest is None and len(known) < length(row)):
        return None
    common = rest if rest is not None else Counter(known.values()).most_common(1)[0][0]
    others = {at: number for at, number in known.items() if number != common}
    return _Alike(common, others) if len(others) <= _UNLIKE else None


def _short(number: str) -> str:
    """Return a decimal without trailing zeros."""
    return number.rstrip("0").rstrip(".") if "." in number and "e" not in number else number


def _unlike(found: _Alike) -> str:
    """Return the common number, and the others with their places."""
    others = ", ".join(f"{_short(number)} at {at}" for at, number in found.others.items())
    return f"all {_short(found.number)}" + (f" but {others}" if others else "")


def values(row: Row) -> str:
    """Return a row on one line: its numbers, or the common number of a long row and the others.

    Examples
    --------
    >>> values(("0.0", "-1.50"))
    '[0, -1.5]'
    >>> values(("0.0",) * 40 + ("3.0",) + ("0.0",) * 59)
    '[all 0 but 3 at 40, 100 in all]'
    >>> values(tuple(map(str, range(100))))
    '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ... 100 in all]'
    """
    count, found = length(row), _alike(row)
    if found is not None:
        return f"[{_unlike(found)}, {count} in all]"
    known = kept(row)
    first: list[str] = []
    while len(first) < min(count, _SHOWN) and len(first) in known:
        first.append(_short(known[len(first)]))
    if len(first) == count:
        return f"[{', '.join(first)}]"
    return f"[{', '.join([*first, '...'])} {count} in all]"


def _argument(name: str, row: Row) -> str:
    """Return the row of an argument, without its length if all others have the same."""
    found = _alike(row)
    if found is None:
        return f"{name} {values(row)}"
    if name == "targets" and (found.number, *found.others.values()) == _ONE_HOT:
        return f"{singular(name)} class {next(iter(found.others))}"
    return f"{name} {_unlike(found)}"


def arguments(discrepancy: Discrepancy) -> str:
    """Return the row with the fault on one line, with the number of its classes if there are many.

    A place in a row is counted from 0.
    """
    rows = discrepancy.row_arguments
    before = f"{place(discrepancy)}: " if place(discrepancy) else ""
    if all(_alike(row) is None for row in rows.values()):
        return before + ", ".join(f"{name} {values(row)}" for name, row in rows.items())
    named = (_argument(name, row) for name, row in rows.items())
    return f"{before}{discrepancy.classes} classes: {'; '.join(named)}"


def wrong_value(discrepancy: Discrepancy) -> str:
    """Return where the wrong value is, and what is true there; empty where the row shows it."""
    at = discrepancy.index
    if at is None or length(discrepancy.returned) <= _SHOWN:
        return ""
    returned, expected = (
        kept(row).get(at, everywhere_else(row) or "")
        for row in (discrepancy.returned, discrepancy.expected)
    )
    one_each = length(discrepancy.returned) == discrepancy.classes
    true = "true" if discrepancy.expected_is == "true" else "the other answer"
    return f"{'class' if one_each else 'value'} {at}: {returned}, where {expected} is {true}"
