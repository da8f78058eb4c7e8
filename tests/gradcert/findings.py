"""What is known of an error whatever caused it: where it lives, its size, what would undo it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite, log10

from flint import arb

from gradcert.cases import Claim, takes_targets
from gradcert.checks import Evidence
from gradcert.laws import broken_laws
from gradcert_oracle import ALLOWED, Row, algorithms, budgets

__all__ = ["findings"]

_SMALL = 64
"""Values of a case that the laws are tried on."""


@dataclass(frozen=True)
class _Error:
    """A refuted row: returned and true values, and the most that rounding may do to each value."""

    targets: Row
    labels: frozenset[str]
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
        if len(self.true) < 2 or not self.true[peak]:
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
        targets=targets if takes_targets(claim.quantity) else (),
        labels=frozenset(evidence.case.regimes[evidence.row].split(", ")),
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


def _scale(rows: Sequence[_Error]) -> str:
    """Say whether a constant factor, a sign or a factor of each row explains the values."""
    factors = [row.factor for row in rows if len(row.true) > 1 and any(row.true)]
    known = [found for found in factors if found is not None]
    if not known or len(known) < len(factors) or not any(c for c, _ in known):
        return ""
    low, high = max(c - u for c, u in known), min(c + u for c, u in known)
    if low > high:
        return f"each row is off by a factor of its own, {_between([c for c, _ in known])}"
    if low <= 1 <= high:
        return ""
    if low <= -1 <= high:
        return "the sign is flipped"
    c, unsure = min(known, key=lambda found: found[1])
    digits = 15 if not unsure else min(15, max(2, round(-log10(unsure / abs(c)))))
    return f"every value is {c:.{digits}g} times the true one"


def findings(
    refuting: Sequence[tuple[Claim, Evidence]],
    *,
    vanished: int,
    refuted: Sequence[str],
    passed: Sequence[str],
) -> tuple[str, ...]:
    """Say what the refuting cases of a quantity have in common.

    Parameters
    ----------
    refuting
        Each with the claim it refutes.
    vanished
        How many more cases there were that refuted it, and did not when they were tried again.
    refuted, passed
        The formats in which a check refutes the quantity, and those in which one passes.

    Returns
    -------
    Short statements: the formats, the regimes, where the error lives, of what kind and size it is,
    and which factor undoes it. Those on values rest on the cases that were held against true ones.
    """
    unharmed = [format for format in passed if format not in refuted]
    found = [f"wrong in {', '.join(refuted)}, not in {', '.join(unharmed)}"] if unharmed else []
    if vanished:
        found.append(
            f"the answer depends on earlier calls: {vanished} of {vanished + len(refuting)} "
            "refuting cases passed when tried again"
        )
    held = [(c, e) for c, e in refuting if e.expected_is == "true" and e.expected]
    rows = [error for error in (_error(claim, evidence) for claim, evidence in held) if error.wrong]
    if not rows:
        return tuple(found)
    common = frozenset.intersection(*(row.labels for row in rows)) - {
        "benign",
        "one-hot",
        "soft",
        "smoothed",
    }
    if common:
        found.append(f"every refuting row is of the regime {', '.join(sorted(common))}")
    found += filter(None, [_place(rows), _kind(rows), _scale(rows)])
    claim = held[0][0]
    if not vanished:
        found += broken_laws(
            claim, [e.case for c, e in held if c is claim and e.case.first.size <= _SMALL]
        )
    sizes = [row.size for row in rows if isfinite(row.size)]
    if sizes:
        found.append(f"off by {_between(sizes)} of the row's largest true value")
    return tuple(found)
