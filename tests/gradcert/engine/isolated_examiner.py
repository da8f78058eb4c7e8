"""What examines an implementation in a process of its own.

A call that does not return within the time limit is killed, and a process that died is replaced.
Either is the verdict of the check that was running: broken, with the arguments of the last call.
"""

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Self

import msgspec
import numpy as np

from gradcert.checks import Planned, planned
from gradcert.core.case import Case, Regime
from gradcert.core.claim import Broken
from gradcert.core.clock import Spent, added
from gradcert.core.outcome import Outcome
from gradcert.core.settings import SearchSettings
from gradcert.core.task import Task
from gradcert.engine.record import result_of
from gradcert.isolation.process import Died, Process
from gradcert.isolation.protocol import Answer, Claimed, Load, Request
from gradcert.isolation.subject import Isolated
from gradcert_implementations import Array, Options, reloading
from gradcert_implementations.interface import options_of
from gradcert_reports import CheckResult, Diagnosis, Verdict

__all__ = ["IsolatedExaminer"]


class IsolatedExaminer:
    """What examines an implementation in a process of its own.

    Parameters
    ----------
    subject
        What is examined. The process loads it by its origin.
    settings
        How many cases its checks try, and what they are drawn from.
    """

    def __init__(self, subject: Isolated, settings: SearchSettings) -> None:
        self._limits = subject.limits
        again = reloading(subject)
        self._plan = {one.task: one for one in planned(subject)}
        self._load = Load(
            spec=subject.origin,
            options=Options(
                quantities=tuple(subject.functions),
                formats=subject.formats,
                targets=subject.domain.targets,
                loss=options_of(subject.loss, {one.name for one in subject.filled_in}),
                domain=again.get("domain", ()),
                device=again.get("device"),
            ),
            claimed=Claimed(
                loss=subject.loss,
                domain=subject.domain,
                at_least=subject.at_least,
                compiles_per_shape=subject.compiles_per_shape,
                strides=subject.strides,
            ),
            settings=settings,
            memory=subject.limits.memory,
        )
        self._process: Process | None = None
        self.spent: Spent = {}
        self.observed: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> tuple[Array, ...]:
        """End the process and return the arguments of its last call; empty if there was none."""
        arguments: tuple[Array, ...] = ()
        if self._process is not None:
            arguments = self._process.last_arguments()
            self._process.close()
        self._process = None
        return arguments

    def _ask(self, request: Request) -> Answer:
        if self._process is None:
            self._process = Process(self._limits)
            loaded = self._process.ask(self._load)
            if loaded.error:
                raise Died(f"did not load again: {loaded.error}")
        return self._process.ask(request)

    def check(self, task: Task) -> CheckResult:
        """Run one check on one claim. If the process dies, that is the verdict."""
        planned_check = self._plan[task]
        try:
            answer = self._ask(Request(task=task))
            result, self.spent = answer.result, added(self.spent, answer.spent)
            self.observed = answer.observed
            if result is None or Task.of(result) != task:
                raise Died("answered another request: it wrote to the channel, or forked")
        except Died as died:
            arguments = self._end()
            if arguments and len(arguments[0]):
                died, arguments = self._plainer(task, arguments) or (died, arguments)
            result = _broken(planned_check, str(died), arguments)
        if planned_check.check.leaves_traces and result.verdict == Verdict.REFUTED:
            self._end()  # What the subject changed ends with its process.
        return result

    def diagnoses(self, results: Sequence[CheckResult]) -> tuple[Diagnosis, ...]:
        """Diagnose what these results refute; nothing, where that ends the process."""
        if not any(result.verdict == Verdict.REFUTED for result in results):
            return ()
        bare = (msgspec.structs.replace(result, samples=()) for result in results)
        try:
            return self._ask(Request(results=tuple(bare))).diagnoses
        except Died:
            self._end()
            return ()

    def _plainer(
        self, task: Task, arguments: tuple[Array, ...]
    ) -> tuple[Died, tuple[Array, ...]] | None:
        """Return how a new process dies of a simpler case of at most this size, or None.

        Hypothesis cannot shrink a case that killed its process. So a new process is called with a
        few cases of zeros, from small to large.
        """
        rows, classes = arguments[0].shape
        lengths = {r for r in (1, 2, rows) if r <= rows}
        widths = {n for n in (1, 2, 3, classes) if n <= classes}
        shapes = sorted(product(lengths, widths), key=lambda shape: (prod(shape), shape))
        try:
            self._ask(Request(task=task, shapes=tuple(shapes)))
        except Died as died:
            return died, self._end()
        return None


def _broken(about: Planned, reason: str, arguments: tuple[Array, ...]) -> CheckResult:
    """Return the result of a check that ended its process in a call with these arguments."""
    names = about.claim.names
    if len(arguments) != len(names):  # No call was noted, or the subject wrote into the notes.
        return CheckResult(
            check=about.task.check,
            quantity=about.task.quantity,
            format=about.task.format,
            verdict=Verdict.BROKEN,
            examples=0,
            reason=reason,
        )
    died = Broken(reason)
    upstream = arguments[-1] if about.claim.takes_upstream else None
    case = Case(dict(zip(about.claim.quantity.arguments, arguments, strict=False)), ())
    if not case.rows:
        # A report shows a case by its rows; the snippet takes these away again.
        case = case.map(lambda array: np.zeros((1, *array.shape[1:]), array.dtype))
        died = Broken(f"{reason}, for a batch of no rows", ("f(*(a[:0] for a in args))",))
        upstream = None
    case = Case(case.arguments, (Regime(""),) * case.rows, upstream)
    return result_of(about.claim, about.check, Outcome(failure=died, case=case))
