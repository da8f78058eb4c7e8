"""What refuting rows have in common, by their numbers and the regimes they were drawn in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10

import numpy as np

from gradcert.checks import Check
from gradcert.core.claim import Claim
from gradcert.core.evidence import Evidence
from gradcert_oracle import FORMATS, Format, Question, Row

__all__ = ["Refuting", "narrower_format", "shared_traits"]


@dataclass(frozen=True)
class Refuting:
    """A check, the claim that it refutes, and the evidence of one case."""

    check: Check
    claim: Claim
    evidence: Evidence

    @property
    def question(self) -> Question:
        """The question that the refuting row asks."""
        return self.claim.question(self.evidence.case, self.evidence.row)


_ENOUGH = 4
"""Different rows that a conclusion needs: fewer share a trait by chance."""

_SMALL = 8
"""Classes: longer rows repeat a pattern, and so have equal logits in any case."""

_LARGE = 32
"""Size of a logit that needs care. Smaller cases have smaller ones when they can."""

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
    if len(small) >= _ENOUGH and all(map(_tied, rows)):
        top = ", the largest" if all(map(_tied_on_top, rows)) else ""
        found.append(f"every refuting row has two equal logits{top}")
    unmasked = {row for row in rows if all(map(isfinite, row))}
    for chosen, or_else in ((set(rows), ""), (unmasked, ", or one of -inf")):
        if len(chosen) >= _ENOUGH:
            least = min(max(map(abs, _finite(row)), default=0.0) for row in chosen)
            if least > _LARGE:
                found.append(
                    f"every refuting row has a logit of {_below(least)} or more in size{or_else}"
                )
                break
    return found


def shared_traits(refuting: Sequence[Refuting]) -> list[str]:
    """Return which regimes all refuting rows are of, and whether all have ties or large logits.

    Predicate: ties are two equal finite logits. For large logits, the statement gives the smallest
    maximum of a row, over all rows or else over those without a masked logit. Both need four
    different rows or more, and ties need rows that do not repeat a pattern. If all rows have one
    value, no row refutes by itself.
    """
    if refuting[0].claim.quantity.reduces:
        return []
    parts = [set(one.evidence.case.regimes[one.evidence.row].parts) for one in refuting]
    common = sorted(set.intersection(*parts) - _UNREMARKABLE)
    found = [f"every refuting row is of the regime {', '.join(common)}"] if common else []
    if "logits" in refuting[0].claim.quantity.arguments:
        found += _of_logits([one.question["logits"] for one in refuting])
    return found


def _is_in(format: Format) -> Callable[[float], bool]:
    def holds(value: float) -> bool:
        with np.errstate(over="ignore"):
            return float(np.array(value).astype(format.dtype)) == value

    return holds


def _digits(value: float) -> int:
    """Return how many bits a number needs, without the zeros at either end.

    Examples
    --------
    >>> _digits(0.5), _digits(0.75), _digits(1 / 3)
    (1, 2, 53)
    """
    whole = value.as_integer_ratio()[0]
    return (abs(whole) // (whole & -whole)).bit_length()


def narrower_format(refuting: Sequence[Refuting]) -> list[str]:
    """Return whether all values returned in a format are numbers of a narrower one.

    Predicate: every finite value of every refuting row is. And four different values, of rows in
    wider formats, need more than half of its bits, which simple fractions do not.
    """
    values = {
        (one.claim.format, abs(float(value))) for one in refuting for value in one.evidence.returned
    }
    finite = [(format, value) for format, value in values if isfinite(value)]
    for narrow in reversed(FORMATS.values()):
        wider = [v for format, v in finite if format.precision > narrow.precision and v]
        long = [v for v in wider if 2 * _digits(v) > narrow.precision]
        if len(set(long)) >= _ENOUGH and all(map(_is_in(narrow), (v for _, v in finite))):
            return [f"every returned value is a number of {narrow.name}"]
    return []
