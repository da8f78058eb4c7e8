"""All that was found out about a quantity that is refuted: its cases, and the rows of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradcert.checks import Check
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import Evidence
from gradcert.core.outcome import Outcome
from gradcert.diagnosis.matching import fails, failure_on
from gradcert.diagnosis.observing import Observed, observed
from gradcert_implementations import Array

__all__ = ["Checked", "Refutation", "Refutations", "Seen", "refutations"]


def _equal_rows(case: Case, row: int) -> Array:
    """Return which rows of a case have the numbers that one of them has."""
    arrays = [*case.arguments.values()]
    if case.upstream is not None:
        arrays.append(np.broadcast_to(case.upstream, case.rows)[:, np.newaxis])
    equal: Array = np.all([(array == array[row]).all(axis=1) for array in arrays], axis=0)
    return equal


@dataclass(frozen=True)
class Checked:
    """What one check found about one claim."""

    claim: Claim
    check: Check
    outcome: Outcome


@dataclass(frozen=True)
class Refutation:
    """A check that refutes a claim.

    Attributes
    ----------
    evidence, observed
        The evidence of each refuting case, the smallest case first; and what is known of its rows.
    passed
        Cases on which the check passed.
    vanished
        How many cases that refuted it passed when they were tried again.
    once
        Whether the check passes when it is tried again, because it is about first calls. Then the
        evidence is that of the first time, and nothing more is observed.
    """

    claim: Claim
    check: Check
    evidence: tuple[Evidence, ...]
    observed: tuple[Observed, ...]
    passed: tuple[Case, ...]
    vanished: int
    once: bool = False

    def tells(self, place: int) -> bool:
        """Return whether flaws answer a case's refuting row differently, as far as can be seen.

        Predicate: values are not compared with true ones; or another row with the same numbers is
        right; or the row has one class or two different logits, and neither the upstream gradient
        nor v makes it zero.
        """
        if self.once or not self.check.against_truth or self.claim.quantity.reduces:
            return True
        case, row = self.evidence[place].case, self.evidence[place].row
        right = sorted(self.observed[place].right)
        if _equal_rows(case, row)[right].any():
            return True
        multiplied = "v" not in self.claim.quantity.arguments or case["v"][row].any()
        point = case.point[row].astype(np.float64)
        different = len(point) == 1 or (point != point[0]).any()
        return bool(different and multiplied and self.claim.share(case, row).upstream)


@dataclass(frozen=True)
class Seen:
    """What is known of the rows of a case, and from which check."""

    claim: Claim
    check: Check
    rows: Observed


@dataclass(frozen=True)
class Refutations:
    """What refutes a quantity.

    Attributes
    ----------
    about
        Everything that was checked about it.
    again
        Those that refute it, with the cases that refute it again.
    rows
        The rows of these cases, and of cases that passed.
    vanished
        How many cases that refuted it passed when they were tried again.
    """

    about: tuple[Checked, ...]
    again: tuple[Refutation, ...]
    rows: tuple[Seen, ...]
    vanished: int

    @property
    def tried(self) -> int:
        """The number of cases that refuted it at first."""
        return sum(len(one.outcome.refutations) for one in self.about)

    @property
    def cases(self) -> int:
        """The number of refuting cases."""
        return sum(len(refutation.evidence) for refutation in self.again)

    @property
    def telling(self) -> frozenset[tuple[int, int]]:
        """The cases that tell flaws apart, by refutation and place."""
        return frozenset(
            (number, place)
            for number, refutation in enumerate(self.again)
            for place in range(len(refutation.evidence))
            if refutation.tells(place)
        )

    @property
    def repeated(self) -> tuple[Refutation, ...]:
        """Those that the subject fails whenever it is tried again."""
        return tuple(refutation for refutation in self.again if not refutation.once)


def _again(checked: Checked) -> Refutation:
    """Run the check again, and keep the cases that refute again and those that pass again."""
    claim, check, outcome = checked.claim, checked.check, checked.outcome
    again = [failure_on(claim, check, found.case) for found in outcome.refutations]
    found = tuple(found for found in again if isinstance(found, Evidence))
    vanished = again.count(None)
    if check.opens and not found:
        return Refutation(claim, check, outcome.refutations, (), (), vanished, once=True)
    passed = tuple(case for case in outcome.passed if not fails(claim, check, case))
    rows = tuple(observed(claim, check, one.case) for one in found)
    return Refutation(claim, check, found, rows, passed, vanished)


def _seen(refutation: Refutation) -> Iterator[Seen]:
    claim, check = refutation.claim, refutation.check
    for evidence, found in zip(refutation.evidence, refutation.observed, strict=True):
        wrong = found.wrong | {evidence.row} if check.against_truth else frozenset({evidence.row})
        yield Seen(claim, check, replace(found, wrong=wrong, right=found.right - wrong))
    for case in refutation.passed:
        yield Seen(claim, check, Observed(case, frozenset(range(case.rows)), frozenset()))


def refutations(about: Sequence[Checked]) -> Refutations:
    """Return what refutes a quantity, from all that was checked about it.

    If equal calls have different answers, what other checks see depends on the calls before. So
    only the checks that compare calls count then.
    """
    refuted = [_again(one) for one in about if one.outcome.refutations]
    vanished = sum(found.vanished for found in refuted)
    again = tuple(found for found in refuted if found.evidence)
    again = tuple(found for found in again if found.check.across_calls) or again
    seen = (one for found in again if not found.once for one in _seen(found))
    return Refutations(tuple(about), again, tuple(seen), vanished)
