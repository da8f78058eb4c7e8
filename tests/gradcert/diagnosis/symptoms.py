"""What is known of an error without its cause: where it lives, its size, what would undo it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite, log10

from flint import arb

from gradcert.checks import Check
from gradcert.core.evidence import Evidence
from gradcert.diagnosis.invariants import broken_invariants
from gradcert.diagnosis.shared_traits import Refuting, narrower_format, shared_traits
from gradcert_oracle import ALLOWED, Question, Row, algorithms, budgets

__all__ = ["symptoms"]

_SMALL = 64
"""Values of a case that the invariants are tried on."""


@dataclass(frozen=True)
class _Error:
    """A refuted row: returned and true values, and the most that rounding may do to each value."""

    question: Question
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


def _error(one: Refuting) -> _Error:
    found = [budgets(one.question, algorithm) for algorithm in algorithms(one.claim.format)]
    sound = [row for row in found if row is not None] or [
        tuple(arb(0) for _ in one.evidence.returned)
    ]
    return _Error(
        question=one.question,
        returned=[float(value) for value in one.evidence.returned],
        true=[float(value) for value in one.evidence.expected],
        allowed=[float(ALLOWED * max(column)) for column in zip(*sound, strict=True)],
    )


def _number(value: float) -> str:
    return f"{value:.3g}"


def _between(values: Sequence[float]) -> str:
    low, high = _number(min(values)), _number(max(values))
    return low if low == high else f"{low} to {high}"


def _kind(rows: Sequence[_Error]) -> str:
    """Say whether the wrong values are NaN, infinite, or all zero."""
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


_PLACES = {
    frozenset({True}): "wrong at the target only",
    frozenset({False}): "wrong off the target only",
    frozenset({True, False}): "wrong at the target and off it",
}
"""What to say of wrong values, by whether their classes have a target."""


def _on_target(rows: Sequence[_Error]) -> frozenset[bool]:
    """Return whether wrong values are at classes with a target; empty if that says nothing."""
    targets = [row.question["targets"] for row in rows]
    pairs = list(zip(rows, targets, strict=True))
    if any(len(given) != len(row.returned) or len(given) < 2 for row, given in pairs):
        return frozenset()
    return frozenset(bool(given[j]) for row, given in pairs for j in row.wrong)


def _arguments(row: _Error) -> tuple[tuple[Row, ...], ...]:
    """Return the rows that a value is about: one, or all of a batch."""
    return tuple(part.rows for part in row.question.parts or (row.question,))


def _in_common(factors: Sequence[tuple[float, float]]) -> str:
    """Return the factor that all may be, to the digits that are known; empty if there is none."""
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
    """Say whether a constant factor, a sign or a factor for each row explains the values.

    One number, and two that sum to zero, are always some factor of the true ones. A constant factor
    needs two different rows or a row of three values, and factors for each row need such a row.
    """
    known = [row.factor for row in rows]
    factors = [found for found in known if found is not None]
    if len(factors) < len(known) or not any(c for c, _ in factors):
        return ""
    longer = any(sum(map(bool, row.true)) > 2 for row in rows)
    if not longer and len(set(map(_arguments, rows))) == 1:
        return ""
    by_format: dict[str, list[tuple[float, float]]] = {}
    for row, found in zip(rows, factors, strict=True):
        by_format.setdefault(row.question.format.name, []).append(found)
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


def _seen_by_checks(refuting: Sequence[Refuting], *, steady: bool) -> list[str]:
    """Say what the checks found that compare two answers, each finding once.

    If the subject is nondeterministic, comparing two of its answers adds nothing.
    """
    smallest: dict[Check, Evidence] = {}
    for one in refuting:
        if not one.check.against_truth and (steady or not one.check.finding):
            smallest.setdefault(one.check, one.evidence)
    found: dict[str, list[str]] = {}
    for check, evidence in smallest.items():
        found.setdefault(check.finding or evidence.statement, []).append(check.id)
    return [f"{said} ({', '.join(checks)})" for said, checks in found.items()]


def _levels(refuting: Sequence[Refuting]) -> list[str]:
    """Return the levels that explain rows, where a better one is claimed."""
    return [one.evidence.level for one in refuting if one.evidence.level]


def _matter_of_level(refuting: Sequence[Refuting]) -> list[str]:
    """Say which levels explain rows that refute only because a better level is claimed."""
    explaining = _levels(refuting)
    if not explaining:
        return []
    cases = "every refuting case" if len(explaining) == len(refuting) else "some refuting cases"
    names = " or ".join(sorted(set(explaining)))
    return [f"the level {names} explains {cases}, but the claim is a better level"]


def symptoms(
    refuting: Sequence[Refuting],
    *,
    tried: int,
    vanished: int,
    checks: Sequence[Check],
    refuted: Sequence[str],
    passed: Sequence[str],
) -> tuple[str, ...]:
    """Say what the refuting cases of a quantity have in common.

    Parameters
    ----------
    refuting
        The evidence against it.
    tried, vanished
        How many cases refuted it, and how many of them passed when they were tried again.
    checks
        Those that refute it.
    refuted, passed
        The formats in which a check refutes the quantity, and those in which some check passes and
        none fails.

    Returns
    -------
    Short statements, the most telling first: which factor undoes the error, which narrower format
    the values are of, what each check saw, whether values are NaN or zero, which rows refute, which
    invariants are broken, where the error lives, in which formats, and its size. Statements about
    values use only the cases that were compared with true values.
    """
    found = []
    steady = not vanished and not any(check.across_calls for check in checks)
    if vanished:
        found.append(
            f"the answer depends on earlier calls: {vanished} of {tried} refuting cases passed "
            "when tried again"
        )
    judged = [
        one
        for one in refuting
        if one.check.against_truth and one.evidence.expected and not one.evidence.level
    ]
    errors = {one: _error(one) for one in judged}
    wrong = [one for one in judged if errors[one].wrong]
    rows = [errors[one] for one in wrong]
    if rows and not any(check.across_rows for check in checks):
        found.append(_scale(rows))
    found += _matter_of_level(refuting)
    found += [*narrower_format(wrong), *_seen_by_checks(refuting, steady=steady)]
    if rows:
        on_target = _on_target(rows)
        place = _PLACES.get(on_target, "")
        found += [_kind(rows), *shared_traits(wrong), place if len(on_target) == 1 else ""]
        if not vanished:
            claim = wrong[0].claim
            cases = [one.evidence.case for one in wrong if one.claim is claim]
            found += broken_invariants(claim, [c for c in cases if c.point.size <= _SMALL])
        found.append(place if len(on_target) == 2 else "")
    unharmed = [format for format in passed if format not in refuted]
    if unharmed:
        what = "wrong" if len(_levels(refuting)) < len(refuting) or not refuting else "refuted"
        found.append(f"{what} in {', '.join(refuted)}, not in {', '.join(unharmed)}")
    sizes = [row.size for row in rows if isfinite(row.size)]
    if sizes:
        found.append(f"the largest error is {_between(sizes)} times the row's largest true value")
    return tuple(filter(None, found))
