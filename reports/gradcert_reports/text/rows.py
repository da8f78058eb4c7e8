"""Rows of numbers in words: those of the refuting case, and of the answer to it."""

import re
from collections import Counter
from decimal import Decimal

from gradcert_reports.model.results import Discrepancy
from gradcert_reports.model.rows import (
    Range,
    Row,
    distinct,
    everywhere_else,
    kept,
    length,
    ranges,
)
from gradcert_reports.text.phrases import place, singular

__all__ = ["arguments", "values", "wrong_in_short", "wrong_value"]

_DECIMAL = re.compile(r"-?[0-9]+\.[0-9]+(e[-+]?[0-9]+)?")

_SHORT = 8
"""A row of at most this number of values is written out, ..."""

_WRITTEN = 12
"""... and one of at most this number if there is no shorter way to say it."""

_UNLIKE = 6
"""Ranges that a row is described by, if all its other numbers are equal."""

_SAMPLE = 3
"""Numbers that are shown of a row of many unlike ones: the nearest to the wrong value."""


_DIGITS = 17
"""Digits of a number in a sentence: as many as tell the numbers of binary64 apart."""

_FEW_DIGITS = 4
"""Digits of a number in a line that is cut, unless more are needed."""


def _number(text: str) -> str:
    """Return a decimal without trailing zeros, and of a long one the first digits."""
    if _DECIMAL.fullmatch(text) and len(Decimal(text).as_tuple().digits) > _DIGITS:
        text = f"{Decimal(text):.{_DIGITS}g}"
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def _commonest(found: tuple[Range, ...]) -> str:
    counts: Counter[str] = Counter()
    for one in found:
        counts[one.number] += one.last - one.first + 1
    return counts.most_common(1)[0][0]


def _placed(found: Range, unit: str) -> str:
    """Return a range with its number, as in ``classes 0 to 127: -inf``."""
    where = f"{unit} {found.first}"
    if found.last > found.first:
        where = f"{'classes' if unit == 'class' else f'{unit}s'} {found.first} to {found.last}"
    return f"{where}: {_number(found.number)}"


def _alike(row: Row, unit: str) -> str | None:
    """Return the commonest number of a row and the few others; None if they are many."""
    found = ranges(row)
    if not found:
        return None
    common = _commonest(found)
    others = [_placed(one, unit) for one in found if one.number != common]
    if len(others) > _UNLIKE:
        return None
    return f"all {_number(common)}" + (f" but {', '.join(others)}" if others else "")


def _unlike(row: Row, unit: str, near: int | None) -> str:
    """Return how many unlike numbers a row has, and those nearest to a place."""
    known = kept(row)
    nearest = sorted(sorted(known, key=lambda at: abs(at - (near or 0)))[:_SAMPLE])
    shown = [_placed(Range(first=at, last=at, number=known[at]), unit) for at in nearest]
    count = distinct(row)
    many = "many unlike numbers" if count is None else f"{count} unlike numbers"
    return f"{many}, such as {', '.join(shown)}" if shown else many


def _written(row: Row) -> str | None:
    """Return all numbers of a short row; None for a longer one."""
    known, count = kept(row), length(row)
    short = count <= _SHORT or (count <= _WRITTEN and _alike(row, "class") is None)
    if not short or len(known) != count:
        return None
    return f"[{', '.join(_number(known[at]) for at in sorted(known))}]"


def values(row: Row, near: int | None = None, unit: str = "class") -> str:
    """Return a row in words: its numbers if it is short, or the commonest number and the others.

    Parameters
    ----------
    row
        The row.
    near
        The place of the wrong value. Of many unlike numbers, those nearest to it are shown.
    unit
        What one number of the row belongs to.

    Examples
    --------
    >>> values(("0.0", "-1.50"))
    '[0, -1.5]'
    >>> values(("0.0",) * 40 + ("3.0",) + ("0.0",) * 59)
    'all 0 but class 40: 3'
    >>> values(("-inf",) * 20 + ("0.5",) * 80, unit="value")
    'all 0.5 but values 0 to 19: -inf'
    >>> values(tuple(map(str, range(100))), 50)
    '100 unlike numbers, such as class 49: 49, class 50: 50, class 51: 51'
    """
    return _written(row) or _alike(row, unit) or _unlike(row, unit, near)


def _label(row: Row) -> int | None:
    """Return the class of one-hot targets; None for others."""
    found = ranges(row) or ()
    ones = [one for one in found if _number(one.number) != "0"]
    if len(ones) == 1 and _number(ones[0].number) == "1" and ones[0].first == ones[0].last:
        return ones[0].first
    return None


def _argument(name: str, row: Row, near: int | None) -> str:
    """Return the row of an argument: of logits without their name, of one-hot targets the class."""
    if name == "targets" and (label := _label(row)) is not None:
        return f"{singular(name)} class {label}"
    said = values(row, near)
    return said if name == "logits" else f"{name} {said}"


def _one_each(discrepancy: Discrepancy) -> bool:
    """Return whether the answer has a value for each class."""
    return length(discrepancy.returned) == discrepancy.classes


def _all_rows(discrepancy: Discrepancy) -> str:
    """Return the first rows of a call whose answer is one value for all of them, in words."""
    shown = [
        f"row {number}: {', '.join(f'{name} {values(row)}' for name, row in rows.items())}"
        for number, rows in discrepancy.first_rows.items()
    ]
    more = discrepancy.rows - len(shown)
    shown += [f"{more} more"] * bool(more)
    under = f"; upstream gradient {discrepancy.upstream}" if discrepancy.upstream else ""
    return f"{discrepancy.rows} rows, counted from 0: {'; '.join(shown)}{under}"


def arguments(discrepancy: Discrepancy) -> str:
    """Return the row with the fault in words, with the number of its classes if there are many.

    A place in a row is counted from 0.
    """
    if discrepancy.first_rows:
        return _all_rows(discrepancy)
    rows = discrepancy.row_arguments
    before = f"{place(discrepancy)}: " if place(discrepancy) else ""
    under = f"; upstream gradient {discrepancy.upstream}" if discrepancy.upstream else ""
    if discrepancy.classes <= _SHORT:
        return before + ", ".join(f"{name} {values(row)}" for name, row in rows.items()) + under
    near = discrepancy.index if _one_each(discrepancy) else None
    named = "; ".join(_argument(name, row, near) for name, row in rows.items())
    return f"{before}{discrepancy.classes} classes, {named}{under}"


def _wrong_number(discrepancy: Discrepancy, at: int) -> tuple[str, str]:
    """Return the wrong number and the expected one."""
    returned, expected = (
        _number(kept(row).get(at, everywhere_else(row) or "?"))
        for row in (discrepancy.returned, discrepancy.expected)
    )
    return returned, expected


def _place_in_row(discrepancy: Discrepancy, at: int) -> str:
    """Return the place of a value in the answer to a row; of a Jacobian its row and column."""
    classes = discrepancy.classes
    if classes > 1 and length(discrepancy.returned) == classes**2:
        return f"value {at // classes}, {at % classes}"
    return f"{'class' if _one_each(discrepancy) else 'value'} {at}"


def _told_apart(numbers: tuple[str, str]) -> tuple[str, str]:
    """Return two numbers with as few digits as tell them apart, but at least some."""
    for digits in range(_FEW_DIGITS, _DIGITS):
        one, other = (f"{float(x):.{digits}g}" if _DECIMAL.fullmatch(x) else x for x in numbers)
        if one != other:
            return one, other
    return numbers


def wrong_in_short(discrepancy: Discrepancy, quantity: str) -> str:
    """Return the returned number and the true one, then what they are; empty without them.

    They have few digits, because a terminal shows the beginning of the line only.
    """
    at = discrepancy.index
    if at is None:
        return ""
    returned, expected = _told_apart(_wrong_number(discrepancy, at))
    said = f"{returned}, not {expected}"
    if discrepancy.expected_is != "true":
        said = f"{returned}, and {expected} in the other answer"
    one = length(discrepancy.returned) == 1
    return f"{said}: {quantity}{'' if one else f' for {_place_in_row(discrepancy, at)}'}"


def wrong_value(discrepancy: Discrepancy) -> str:
    """Return where the wrong value is, what was returned and what is true; empty without one.

    A value of a Jacobian of n classes has the name ``i, j``.
    """
    at = discrepancy.index
    if at is None:
        return ""
    returned, expected = _wrong_number(discrepancy, at)
    where = _place_in_row(discrepancy, at)
    if discrepancy.rows > 1 and not discrepancy.of_all_rows:
        where = f"row {discrepancy.row}, {where}"
    true = "true" if discrepancy.expected_is == "true" else "the other answer"
    return f"{where}: {returned}, where {expected} is {true}"
