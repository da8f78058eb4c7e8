"""The examination of one implementation: check by check, then what explains a refutation."""

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

import msgspec
from hypothesis.internal.entropy import deterministic_PRNG

from gradcert.cancellation import cancellation
from gradcert.cases import Broken, Claim
from gradcert.checks import Check, planned
from gradcert.clock import CLOCK, Spent, added, since
from gradcert.diagnosis import Examined, diagnose
from gradcert.examine import Outcome, examine
from gradcert.reach import beyond
from gradcert.recording import result_of
from gradcert_implementations import Implementation
from gradcert_reports import CheckResult, Diagnosis

__all__ = ["Examination", "Examiner"]


class Examiner(Protocol):
    """What examines an implementation, in this process or in another.

    Attributes
    ----------
    spent
        What its checks took so far.
    """

    spent: Spent

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of what the examination needed."""

    def check(self, check: str, quantity: str, format: str) -> CheckResult:
        """Run the check of this id on one claim, and what goes with it."""

    def diagnoses(self, results: Sequence[CheckResult]) -> tuple[Diagnosis, ...]:
        """Diagnose what these results refute."""


_Key = tuple[str, str, str]


class Examination:
    """The examination of an implementation in this process.

    Parameters
    ----------
    subject
        What is examined.
    max_examples, seed
        As for :func:`gradcert.certify`.
    """

    def __init__(self, subject: Implementation, *, max_examples: int, seed: int) -> None:
        self._max_examples = max_examples
        self._seed = seed
        self._plan: dict[_Key, tuple[Check, Claim]] = {
            (check.id, claim.quantity, claim.format.name): (check, claim)
            for check, claim in planned(subject)
        }
        self._examined: dict[_Key, Examined] = {}
        self.spent: Spent = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def _examine(self, key: _Key) -> Examined:
        check, claim = self._plan[key]
        outcome = examine(claim, check, max_examples=self._max_examples, seed=self._seed)
        self._examined[key] = Examined(claim, check, outcome)
        return self._examined[key]

    def check(self, check: str, quantity: str, format: str) -> CheckResult:
        """Run one check on one claim, and for ``accuracy`` what is measured beside it."""
        before = CLOCK.spent.copy()
        # A subject that draws from the global generators is to draw the same in each run.
        with CLOCK.charging("checks"), deterministic_PRNG():
            found = self._examine((check, quantity, format))
            result = result_of(found.claim, found.check, found.outcome)
            if check == "accuracy":
                result = msgspec.structs.replace(
                    result,
                    reach=beyond(found.claim) if result.verdict == "conforms" else None,
                    cancellation=cancellation(found.claim),
                )
        self.spent = added(self.spent, since(before, CLOCK.spent))
        return result

    def diagnoses(self, results: Sequence[CheckResult]) -> tuple[Diagnosis, ...]:
        """Diagnose what these results refute; what was examined elsewhere is examined again."""
        examined = []
        for result in results:
            key = result.check, result.quantity, result.format
            if key in self._examined:
                examined.append(self._examined[key])
            elif result.verdict == "refuted":
                examined.append(self._examine(key))
            else:
                check, claim = self._plan[key]
                failure = None if result.verdict == "conforms" else Broken(result.reason)
                examined.append(Examined(claim, check, Outcome(0, (), failure, None)))
        with deterministic_PRNG():
            return diagnose(examined)
