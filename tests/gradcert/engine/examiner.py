"""What examines one implementation: check by check, then a diagnosis of what was refuted."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from typing import Self

import msgspec

from gradcert.checks import planned
from gradcert.core.clock import CLOCK, Spent, added, since
from gradcert.core.failures import Broken
from gradcert.core.limits import Limits
from gradcert.core.outcome import Outcome
from gradcert.core.settings import SearchSettings
from gradcert.core.state.process_state import kept_state
from gradcert.core.state.random_states import seeded
from gradcert.core.task import Task
from gradcert.diagnosis.diagnose import diagnose
from gradcert.diagnosis.refutations import Checked
from gradcert.engine.check_runner import run_check
from gradcert.engine.flaw_story import explain
from gradcert.engine.reach import reach_of
from gradcert.engine.record import result_of
from gradcert.isolation.subject import Isolated, isolate
from gradcert_implementations import Flaw, Implementation, load
from gradcert_reports import CheckResult, Diagnosis, Verdict

__all__ = ["Examiner"]


def _with_lesson(found: Diagnosis) -> Diagnosis:
    """Return a diagnosis with the explanation of the flaw that it names, if that is one of ours."""
    if not found.matches:
        return found
    flaw = load(found.matches[0].flaw)
    assert isinstance(flaw, Flaw)
    with redirect_stdout(StringIO()):  # Some flaws print.
        return msgspec.structs.replace(found, lesson=explain(flaw))


class Examiner:
    """What examines one implementation. The implementation may run in a process of its own.

    Parameters
    ----------
    subject
        What is examined.
    settings
        How many cases its checks try, and what they are drawn from.

    Attributes
    ----------
    spent
        The seconds that its checks took so far.
    took
        The seconds of each check.
    observed
        What its calls have shown of the implementation, as phrases for its certificate.
    """

    def __init__(self, subject: Implementation, settings: SearchSettings) -> None:
        # A program is never called by this process.
        if subject.origin.startswith("command:") and not isinstance(subject, Isolated):
            subject = isolate(subject, Limits())
        self._subject, self._settings = subject, settings
        self._plan = {planned_check.task: planned_check for planned_check in planned(subject)}
        self._checked: dict[Task, Checked] = {}
        self.spent: Spent = {}
        self.took: dict[Task, float] = {}
        self.observed: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """End the process of the implementation, if it has one. The next check starts another."""
        if isinstance(self._subject, Isolated):
            self._subject.connection.end()

    @contextmanager
    def _same_state(self) -> Iterator[None]:
        """Begin with the same random numbers in each run, and put back what a call changes."""
        with seeded(), kept_state():
            yield

    def _run(self, task: Task) -> Checked:
        check, claim = self._plan[task].check, self._plan[task].claim
        outcome = run_check(claim, check, self._settings)
        self._checked[task] = Checked(claim, check, outcome)
        return self._checked[task]

    def check(self, task: Task) -> CheckResult:
        """Run one check on one claim, and measure what belongs to it."""
        before, start = CLOCK.spent.copy(), time.perf_counter()
        with CLOCK.charging("checks"), self._same_state():
            found = self._run(task)
            result = result_of(found.claim, found.check, found.outcome)
            if found.check.measures and result.verdict == Verdict.CONFORMS:
                result = msgspec.structs.replace(result, reach=reach_of(found.claim))
        self.spent = added(self.spent, since(before, CLOCK.spent))
        self.took[task] = time.perf_counter() - start
        if self._subject.observed is not None:
            self.observed = self._subject.observed()
        return result

    def diagnoses(self, results: Sequence[CheckResult]) -> tuple[Diagnosis, ...]:
        """Diagnose what these results refute. What was examined elsewhere is examined again."""
        checked = []
        for result in results:
            task = Task.of(result)
            if task in self._checked:
                checked.append(self._checked[task])
            elif result.verdict == Verdict.REFUTED:
                with self._same_state():  # As in the examination that refuted it.
                    checked.append(self._run(task))
            else:
                known = self._plan[task]
                failure = None if result.verdict == Verdict.CONFORMS else Broken(result.reason)
                checked.append(Checked(known.claim, known.check, Outcome(failure=failure)))
        with self._same_state():
            return tuple(map(_with_lesson, diagnose(checked)))
