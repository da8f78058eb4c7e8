"""An examination in a process of its own, which a hang, a crash or a flood of memory ends alone.

A call that does not return within the time limit is killed, a process that died is replaced, and
either is the verdict of the check that was running: broken, with the arguments of the last call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import fields as fields_of
from itertools import product
from math import prod
from typing import Any, NoReturn, Self, cast

import msgspec
import numpy as np

from gradcert.cases import Broken, Case, Claim
from gradcert.checks import CHECKS, Check
from gradcert.clock import Spent, added
from gradcert.examine import Outcome
from gradcert.limits import Limits
from gradcert.process import Died, Process
from gradcert.recording import result_of
from gradcert.worker import Answer, Asked, Subject
from gradcert_implementations import Array, Implementation, QuantityName, SpecError, reloading
from gradcert_oracle import FORMATS
from gradcert_reports import CheckResult, Diagnosis

__all__ = ["Isolated", "IsolatedExamination", "isolate", "load_isolated"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Isolated(Implementation):
    """An implementation that runs in a process of its own; here its functions only raise.

    Attributes
    ----------
    limits
        What it may use.
    """

    limits: Limits


def _elsewhere(*_: Any) -> NoReturn:
    raise RuntimeError("it runs in a process of its own")


def isolate(subject: Implementation, limits: Limits) -> Isolated:
    """Return `subject` as one that runs in a process of its own, which loads it by its origin.

    Raises
    ------
    SpecError
        If there is no SPEC to load it by.
    """
    if not subject.origin:
        raise SpecError(
            f"{subject.name} cannot be loaded by another process: give a SPEC, or let it be a "
            "public name of a module"
        )
    fields = {field.name: getattr(subject, field.name) for field in fields_of(Implementation)}
    functions = dict.fromkeys(subject.functions, _elsewhere)
    return Isolated(**fields | {"functions": functions}, limits=limits)


def load_isolated(
    spec: str,
    limits: Limits,
    *,
    quantities: Sequence[str] = (),
    formats: Sequence[str] = (),
    targets: str | None = None,
    device: str | None = None,
) -> Isolated:
    """Return what :func:`gradcert.load` would, but load it elsewhere.

    Raises
    ------
    SpecError
        As for :func:`gradcert.load`, and where loading it ends the process.
    """
    options = {"quantities": quantities, "formats": formats, "targets": targets, "device": device}
    process = Process(limits)
    try:
        asked = Subject(spec=spec, options=options, max_examples=1, seed=0, memory=limits.memory)
        answer = process.ask(asked)
    except Died as died:
        raise SpecError(f"{spec!r} does not load: it {died}") from died
    finally:
        process.close()
    if answer.described is None:
        raise SpecError(answer.error)
    fields = msgspec.structs.asdict(answer.described)
    functions = dict.fromkeys(fields.pop("quantities"), _elsewhere)
    return Isolated(functions=functions, limits=limits, **fields)


class IsolatedExamination:
    """The examination of an implementation in a process of its own.

    Parameters
    ----------
    subject
        What is examined; it is loaded there by its origin.
    max_examples, seed
        As for :func:`gradcert.certify`.
    """

    def __init__(self, subject: Isolated, *, max_examples: int, seed: int) -> None:
        self._subject = subject
        chosen = {"quantities": list(subject.functions), "formats": subject.formats}
        self._loaded = Subject(
            spec=subject.origin,
            options=chosen | {"targets": subject.targets} | reloading(subject),
            max_examples=max_examples,
            seed=seed,
            memory=subject.limits.memory,
        )
        self._process: Process | None = None
        self.spent: Spent = {}

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

    def _ask(self, request: Asked) -> Answer:
        if self._process is None:
            self._process = Process(self._subject.limits)
            loaded = self._process.ask(self._loaded)
            if loaded.error:
                raise Died(f"did not load again: {loaded.error}")
        return self._process.ask(request)

    def check(self, check: str, quantity: str, format: str) -> CheckResult:
        """Run one check on one claim; a process that dies of it is the verdict."""
        known = next(known for known in CHECKS if known.id == check)
        claim = Claim(self._subject, cast("QuantityName", quantity), FORMATS[format])
        request = Asked(check=check, quantity=claim.quantity, format=format)
        try:
            answer = self._ask(request)
            result, self.spent = answer.result, added(self.spent, answer.spent)
        except Died as died:
            arguments = self._end()
            if arguments and len(arguments[0]):
                died, arguments = self._plainer(claim, arguments) or (died, arguments)
            result = _broken(claim, known, str(died), arguments)
        assert result is not None
        if check == "no-side-effects" and result.verdict == "refuted":
            self._end()  # What it changed goes with it.
        return result

    def diagnoses(self, results: Sequence[CheckResult]) -> tuple[Diagnosis, ...]:
        """Diagnose what these results refute; nothing, where that ends the process."""
        if not any(result.verdict == "refuted" for result in results):
            return ()
        bare = (msgspec.structs.replace(result, samples=()) for result in results)
        try:
            return self._ask(Asked(results=tuple(bare))).diagnoses
        except Died:
            self._end()
            return ()

    def _plainer(
        self, claim: Claim, arguments: tuple[Array, ...]
    ) -> tuple[Died, tuple[Array, ...]] | None:
        """Return how a new process dies of a plainer case, no larger than this one, if it does.

        Nothing shrinks a case that ended the process which drew it, but a few cases of zeros, from
        small to large, may end another: that takes no more than one death.
        """
        rows, classes = arguments[0].shape
        lengths = {r for r in (1, 2, rows) if r <= rows}
        widths = {n for n in (1, 2, 3, classes) if n <= classes}
        shapes = sorted(product(lengths, widths), key=lambda shape: (prod(shape), shape))
        request = Asked(quantity=claim.quantity, format=claim.format.name, shapes=tuple(shapes))
        try:
            self._ask(request)
        except Died as died:
            return died, self._end()
        return None


def _broken(claim: Claim, check: Check, reason: str, arguments: tuple[Array, ...]) -> CheckResult:
    """Return the result of a check that ended its process in a call with these arguments."""
    if not arguments:
        return CheckResult(
            check=check.id,
            quantity=claim.quantity,
            format=claim.format.name,
            verdict="broken",
            examples=0,
            reason=reason,
        )
    first, targets = (*arguments, np.zeros_like(arguments[0]))[:2]
    died = Broken(reason)
    if not len(first):
        # A report shows a case by its rows; these are taken away from it again.
        first = targets = np.zeros((1, first.shape[1]), first.dtype)
        died = Broken(f"{reason}, for a batch of no rows", ("f(*(a[:0] for a in args))",))
    return result_of(claim, check, Outcome(0, (), died, Case(first, targets, ("",) * len(first))))
