"""What refuting rows have in common, by their numbers and the regimes they were drawn in."""

from collections.abc import Callable, Sequence
from math import floor, isfinite, log10

import numpy as np

from gradcert.cases import Claim
from gradcert.checks import Evidence
from gradcert_implementations import QuantityName
from gradcert_oracle import BFLOAT16, BINARY16, BINARY32, Format, Row

__all__ = ["in_common", "narrower"]

_TOLD = 4
"""Unlike rows from which something is concluded: fewer are alike by chance."""

_SMALL = 8
"""Classes: longer rows repeat a pattern, and so have equal logits in any case."""

_LARGE = 32
"""Size of a logit that asks for care; smaller cases have smaller ones when they can."""

_UNREMARKABLE = {"benign", "one-hot", "soft", "smoothed"}


def _finite(row: Row) -> list[float]:
    return [value for value in row if isfinite(value)]


def _tied(row: Row) -> bool:
    return len(set(_finite(row))) < len(_finite(row))


def _tied_on_top(row: Row) -> bool:
    return _finite(row).count(max(_finite(row))) > 1


def _below(size: float) -> str:
    """Return a number of three digits that is no larger.

    Examples
    --------
    >>> _below(88.72), _below(709.9), _below(12345.0)
    ('88.7', '709', '12300')
    """
    unit = 10.0 ** (floor(log10(size)) - 2)
    return f"{floor(size / unit) * unit:.15g}"


def _of_logits(rows: Sequence[Row]) -> list[str]:
    found = []
    small = {row for row in rows if len(row) <= _SMALL}
    if len(small) >= _TOLD and all(map(_tied, rows)):
        top = ", the largest" if all(map(_tied_on_top, rows)) else ""
        found.append(f"every refuting row has two equal logits{top}")
    unmasked = {row for row in rows if all(map(isfinite, row))}
    for told, or_else in ((set(rows), ""), (unmasked, ", or one of -inf")):
        if len(told) >= _TOLD:
            least = min(max(map(abs, _finite(row)), default=0.0) for row in told)
            if least > _LARGE:
                found.append(
                    f"every refuting row has a logit of {_below(least)} or more in size{or_else}"
                )
                break
    return found


def in_common(held: Sequence[tuple[Claim, Evidence]]) -> list[str]:
    """Say which regimes all refuting rows are of, and whether all have ties or large logits.

    Predicate: ties are two equal finite logits; of logits that are large, the smallest maximum of a
    row is given, of all rows or else of those without a masked logit. Either is said of four unlike
    rows or more, ties of rows that do not repeat a pattern.
    """
    labels = [set(found.case.regimes[found.row].split(", ")) for _, found in held]
    common = sorted(set.intersection(*labels) - _UNREMARKABLE)
    found = [f"every refuting row is of the regime {', '.join(common)}"] if common else []
    quantity: QuantityName = held[0][0].quantity
    if quantity != "dE/do":
        found += _of_logits([found.case.rows()[found.row][0] for _, found in held])
    return found


def _is_in(format: Format) -> Callable[[float], bool]:
    def holds(value: float) -> bool:
        with np.errstate(over="ignore"):
            return float(np.array(value).astype(format.dtype)) == value

    return holds


def _digits(value: float) -> int:
    """Return how many bits a number takes, without the zeros at either end.

    Examples
    --------
    >>> _digits(0.5), _digits(0.75), _digits(1 / 3)
    (1, 2, 53)
    """
    whole = value.as_integer_ratio()[0]
    return (abs(whole) // (whole & -whole)).bit_length()


def narrower(held: Sequence[tuple[Claim, Evidence]]) -> list[str]:
    """Say whether all values returned in a format are numbers of a narrower one.

    Predicate: every finite value of every refuting row is; and four unlike ones, of rows in wider
    formats, take more than half of its bits, which simple fractions do not.
    """
    values = {(c.format, abs(float(v))) for c, found in held for v in found.returned}
    finite = [(format, value) for format, value in values if isfinite(value)]
    for narrow in (BFLOAT16, BINARY16, BINARY32):
        wider = [v for format, v in finite if format.precision > narrow.precision and v]
        telling = [v for v in wider if 2 * _digits(v) > narrow.precision]
        if len(set(telling)) >= _TOLD and all(map(_is_in(narrow), (v for _, v in finite))):
            return [f"every returned value is a number of {narrow.name}"]
    return []
