"""An examination in a process of its own, which a hang, a crash or a flood of memory ends alone.

A call that does not return within the time limit is killed, a process that died is replaced, and
either is the verdict of the check that was running: broken, with the arguments of the last call.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import fields as fields_of
from typing import Any, NoReturn, Self, cast

import msgspec
import numpy as np

from gradcert.cases import Broken, Case, Claim
from gradcert.checks import CHECKS
from gradcert.examine import Outcome
from gradcert.recording import result_of
from gradcert.worker import Answer, Asked, Subject, call_began, last_arguments
from gradcert_implementations import Array, Implementation, QuantityName, SpecError, reloading
from gradcert_oracle import FORMATS
from gradcert_reports import CheckResult, Diagnosis

__all__ = ["Isolated", "IsolatedExamination", "Limits", "isolate", "load_isolated"]

_TICK = 0.1
"""Seconds between two looks at the clock."""

_LOADING = 10
"""Time limits that loading, which imports frameworks, may take."""

_LAST_WORDS = 200


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What an isolated implementation may use.

    Attributes
    ----------
    seconds
        Of one call.
    gigabytes
        Of memory (2**30 bytes) that its process may allocate once all is loaded.
    """

    seconds: float = 60
    gigabytes: float = 4

    @property
    def memory(self) -> int:
        """The bytes that its process may allocate."""
        return int(self.gigabytes * (1 << 30))


class _Died(Exception):
    """The process is no more; the message says why."""


class _Process:
    """A running ``gradcert.worker``."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._notes = tempfile.TemporaryFile()  # noqa: SIM115  # Closed when the process ends.
        self._words = tempfile.TemporaryFile()  # noqa: SIM115
        self._answers, write = os.pipe()
        notes = self._notes.fileno()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "gradcert.worker", str(write), str(notes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._words,
            pass_fds=(write, notes),
            start_new_session=True,  # Ctrl-C is ours, and what it starts dies with it.
        )
        os.close(write)

    def ask(self, request: Subject | Asked) -> Answer:
        """Return the answer; raise :class:`_Died` if none comes."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(msgspec.json.encode(request) + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._died() from None
        limit = self._limits.seconds * (_LOADING if isinstance(request, Subject) else 1)
        asked, answer = time.monotonic(), b""
        while not answer.endswith(b"\n"):
            if select.select([self._answers], [], [], _TICK)[0]:
                data = os.read(self._answers, 1 << 16)
                if not data:
                    raise self._died()
                answer += data
                continue
            began = asked if isinstance(request, Subject) else call_began(self._notes.fileno())
            if began and time.monotonic() - began > limit:
                raise _Died(f"did not return within {limit:g} s")
        return msgspec.json.decode(answer, type=Answer)

    def _died(self) -> _Died:
        code = self._process.wait()
        by_signal = code < 0 and (signal.strsignal(-code) or f"signal {-code}")
        how = by_signal or f"exit status {code}"
        self._words.seek(0)
        words = " ".join(self._words.read().decode(errors="replace").split())[-_LAST_WORDS:]
        return _Died(f"ended its process with {how}" + (f"; it said: {words}" if words else ""))

    def last_arguments(self) -> tuple[Array, ...]:
        """Return the arguments of the last call; empty if there was none."""
        return last_arguments(self._notes.fileno())

    def close(self) -> None:
        """End it, and what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._answers)
        for file in (self._process.stdin, self._notes, self._words):
            assert file is not None
            with contextlib.suppress(BrokenPipeError):
                file.close()


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
    process = _Process(limits)
    try:
        asked = Subject(spec=spec, options=options, max_examples=1, seed=0, memory=limits.memory)
        answer = process.ask(asked)
    except _Died as died:
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
        self._process: _Process | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        if self._process is not None:
            self._process.close()
        self._process = None

    def _ask(self, request: Asked) -> Answer:
        if self._process is None:
            self._process = _Process(self._subject.limits)
            loaded = self._process.ask(self._loaded)
            if loaded.error:
                raise _Died(f"did not load again: {loaded.error}")
        return self._process.ask(request)

    def check(self, check: str, quantity: str, format: str) -> CheckResult:
        """Run one check on one claim; a process that dies of it is the verdict."""
        try:
            result = self._ask(Asked(check=check, quantity=quantity, format=format)).result
        except _Died as died:
            result = self._broken(check, quantity, format, str(died))
            self._end()
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
        except _Died:
            self._end()
            return ()

    def _broken(self, check: str, quantity: str, format: str, reason: str) -> CheckResult:
        arguments = self._process.last_arguments() if self._process is not None else ()
        if not arguments:
            return CheckResult(
                check=check,
                quantity=quantity,
                format=format,
                verdict="broken",
                examples=0,
                reason=reason,
            )
        first, targets = (*arguments, np.zeros_like(arguments[0]))[:2]
        died = Broken(reason)
        if not len(first):
            # A report shows a case by its rows; these are taken away from it again.
            row = np.zeros((1, first.shape[1]), first.dtype)
            first, targets = row, row
            died = Broken(f"{reason}, for a batch of no rows", ("f(*(a[:0] for a in args))",))
        case = Case(first, targets, ("",) * len(first))
        claim = Claim(self._subject, cast("QuantityName", quantity), FORMATS[format])
        known = next(known for known in CHECKS if known.id == check)
        return result_of(claim, known, Outcome(0, (), died, case))
