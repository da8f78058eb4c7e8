"""What is known of an error whatever caused it: where it lives, its size, what would undo it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from math import isfinite, log10

from flint import arb

from gradcert.cases import Claim, takes_targets
from gradcert.checks import Check, Evidence
from gradcert.laws import broken_laws
from gradcert.regimes import in_common, narrower
from gradcert_oracle import ALLOWED, Row, algorithms, budgets

__all__ = ["findings"]

_Refuting = tuple[Check, Claim, Evidence]
"""A check, the claim that it refutes, and a case on which it does."""

_SMALL = 64
"""Values of a case that the laws are tried on."""


@dataclass(frozen=True)
class _Error:
    """A refuted row: returned and true values, and the most that rounding may do to each value."""

    format: str
    first: Row
    targets: Row
    returned: list[float]
    true: list[float]
    allowed: list[float]

    @property
    def wrong(self) -> list[int]:
        """The values that no rounding explains."""
        rows = zip(self.returned, self.true, self.allowed, strict=True)
        return [j for j, (v, x, most) in enumerate(rows) if not abs(v - x) <= most]

    @property
    def size(self) -> float:
        """The largest error, as a share of the largest true value."""
        scale = max(map(abs, self.true))
        return max(
            abs(self.returned[j] - self.true[j]) / scale if scale else float("inf")
            for j in self.wrong
        )

    @property
    def factor(self) -> tuple[float, float] | None:
        """The c for which every value is c times the true one, and how exactly it is known."""
        peak = max(range(len(self.true)), key=lambda j: abs(self.true[j]))
        if not self.true[peak]:
            return None
        c = self.returned[peak] / self.true[peak]
        rows = zip(self.returned, self.true, self.allowed, strict=True)
        slack = 2 * max(1.0, abs(c))
        unsure = slack * self.allowed[peak] / abs(self.true[peak])
        if not all(abs(v - c * x) <= slack * most + unsure * abs(x) for v, x, most in rows):
            return None
        return c, unsure


def _error(claim: Claim, evidence: Evidence) -> _Error:
    first, targets = evidence.case.rows()[evidence.row]
    question = claim.row(first, targets)
    found = [budgets(*question, algorithm) for algorithm in algorithms(claim.format)]
    sound = [row for row in found if row is not None] or [tuple(arb(0) for _ in evidence.returned)]
    return _Error(
        format=claim.format.name,
        first=first,
        targets=targets if takes_targets(claim.quantity) else (),
        returned=[float(value) for value in evidence.returned],
        true=[float(value) for value in evidence.expected],
        allowed=[float(ALLOWED * max(column)) for column in zip(*sound, strict=True)],
    )


def _number(value: float) -> str:
    return f"{value:.3g}"


def _between(values: Sequence[float]) -> str:
    low, high = _number(min(values)), _number(max(values))
    return low if low == high else f"{low} to {high}"


def _kind(rows: Sequence[_Error]) -> str:
    """Say whether what is wrong is NaN or infinite, or all of it zero."""
    returned = [row.returned[j] for row in rows for j in row.wrong]
    kinds: dict[str, Callable[[float], bool]] = {
        "NaN": lambda v: v != v,
        "infinite": lambda v: abs(v) == float("inf"),
        "zero": lambda v: v == 0,
    }
    for name, holds in kinds.items():
        count = sum(map(holds, returned))
        if count == len(returned):
            return f"every wrong value is {name}"
        if count and name != "zero":
            return f"some wrong values are {name}"
    return ""


def _place(rows: Sequence[_Error]) -> str:
    """Say whether the wrong values are those of classes with a target, or of those without."""
    if any(len(row.targets) != len(row.returned) or len(row.targets) < 2 for row in rows):
        return ""
    on_target = {bool(row.targets[j]) for row in rows for j in row.wrong}
    if len(on_target) == 2:
        return "wrong at the target and off it"
    return "wrong at the target only" if on_target == {True} else "wrong off the target only"


def _in_common(factors: Sequence[tuple[float, float]]) -> str:
    """Return the factor that all may be, to as many digits as are known; empty if none is."""
    low, high = max(c - u for c, u in factors), min(c + u for c, u in factors)
    if low > high:
        return ""
    for simple in (1, -1):
        if low <= simple <= high:
            return str(simple)
    c, unsure = min(factors, key=lambda found: found[1])
    if abs(c) <= unsure:
        return ""
    digits = 15 if not unsure else min(15, max(2, round(-log10(unsure / abs(c)))))
    return f"{c:.{digits}g}"


def _scale(rows: Sequence[_Error]) -> str:
    """Say whether a constant factor, a sign or a factor of each row explains the values.

    One number, and two that sum to zero, are always some factor of the true ones: a constant one
    takes two unlike rows or a row of three values, and factors of their own take such a row.
    """
    known = [row.factor for row in rows]
    factors = [found for found in known if found is not None]
    if len(factors) < len(known) or not any(c for c, _ in factors):
        return ""
    longer = any(sum(map(bool, row.true)) > 2 for row in rows)
    if not longer and len({(row.first, row.targets) for row in rows}) == 1:
        return ""
    by_format: dict[str, list[tuple[float, float]]] = {}
    for row, found in zip(rows, factors, strict=True):
        by_format.setdefault(row.format, []).append(found)
    overall = _in_common(factors)
    each = {format: _in_common(found) for format, found in by_format.items()}
    if overall in ("1", "-1"):
        return "the sign is flipped" if overall == "-1" else ""
    if not overall and all(each.values()):
        overall = ", ".join(f"{factor} ({format})" for format, factor in each.items())
    if overall:
        return f"every refuting row is {overall} times the true one"
    own = _between([c for c, _ in factors])
    return f"each refuting row is off by a factor of its own, {own}" if longer else ""


_OF_THE_BATCH = "row-independence"
_UNSTEADY = "same-answer-twice"
_TOLD_BY_A_CHECK = {
    _OF_THE_BATCH: "a row's answer depends on the other rows of the batch",
    "memory-layout": "the answer depends on the memory layout of the arguments",
}
"""What a check found, where its statement is about one value; else the statement says it."""


def _told_by_checks(refuting: Sequence[_Refuting], *, steady: bool) -> list[str]:
    """Say what the checks that hold no values against true ones found, each thing once.

    Of a subject that does not answer alike twice, no comparison of two answers tells more.
    """
    smallest: dict[str, Evidence] = {}
    for check, _, evidence in refuting:
        if not check.against_truth and (steady or check.id not in _TOLD_BY_A_CHECK):
            smallest.setdefault(check.id, evidence)
    found: dict[str, list[str]] = {}
    for check_id, evidence in smallest.items():
        found.setdefault(_TOLD_BY_A_CHECK.get(check_id, evidence.statement), []).append(check_id)
    return [f"{said} ({', '.join(checks)})" for said, checks in found.items()]


def findings(
    refuting: Sequence[_Refuting],
    *,
    vanished: int,
    checks: Collection[str],
    refuted: Sequence[str],
    passed: Sequence[str],
) -> tuple[str, ...]:
    """Say what the refuting cases of a quantity have in common.

    Parameters
    ----------
    refuting
        Each with the check and the claim it refutes.
    vanished
        How many more cases there were that refuted it, and did not when they were tried again.
    checks
        The ids of those that refute it.
    refuted, passed
        The formats in which a check refutes the quantity, and those in which one passes.

    Returns
    -------
    Short statements, the most telling first: which factor undoes the error, which narrower format
    the values are of, what each check saw, whether values are NaN or zero, which rows refute, which
    laws are broken, where the error lives, in which formats, and its size. Those on values rest on
    the cases that were held against true ones.
    """
    found = []
    steady = not vanished and _UNSTEADY not in checks
    if vanished:
        found.append(
            f"the answer depends on earlier calls: {vanished} of {vanished + len(refuting)} "
            "refuting cases passed when tried again"
        )
    errors = [
        (_error(claim, evidence), claim, evidence)
        for check, claim, evidence in refuting
        if check.against_truth and evidence.expected
    ]
    rows = [error for error, _, _ in errors if error.wrong]
    held = [(claim, evidence) for error, claim, evidence in errors if error.wrong]
    if rows and _OF_THE_BATCH not in checks:
        found.append(_scale(rows))
    found += [*narrower(held), *_told_by_checks(refuting, steady=steady)]
    if rows:
        place = _place(rows)
        found += [_kind(rows), *in_common(held), place if place.endswith(" only") else ""]
        if not vanished:
            claim = held[0][0]
            small = [e.case for c, e in held if c is claim and e.case.first.size <= _SMALL]
            found += broken_laws(claim, small)
        found.append("" if place.endswith(" only") else place)
    unharmed = [format for format in passed if format not in refuted]
    if unharmed:
        found.append(f"wrong in {', '.join(refuted)}, not in {', '.join(unharmed)}")
    sizes = [row.size for row in rows if isfinite(row.size)]
    if sizes:
        found.append(f"off by {_between(sizes)} of the row's largest true value")
    return tuple(filter(None, found))
