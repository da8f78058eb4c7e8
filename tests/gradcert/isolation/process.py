"""A running worker and its limits: it is asked, watched, and killed."""

import os
import select
import subprocess
import sys
import tempfile
import time

import msgspec

from gradcert.core.limits import Limits
from gradcert.isolation.protocol import Answer, Load, Request, call_began, last_arguments
from gradcert_implementations import Array, SpecError
from gradcert_implementations.conversation import RunningProcess, require_posix

__all__ = ["Died", "Process"]

_WORKER = "gradcert.engine.worker"
"""The module that the process runs. It examines, so it stands above this package."""

_TICK = 0.1
"""Seconds between two looks at the clock."""

_LOADING = 10
"""Loading may take this many time limits, because it imports frameworks."""

_PATIENT = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Threads of OpenMP that wait by spinning slow down the processes beside theirs."""


class Died(Exception):
    """The process has ended; the message says why."""


class Process:
    """A running worker.

    Raises
    ------
    SpecError
        Where the operating system is not a POSIX one.
    """

    def __init__(self, limits: Limits) -> None:
        try:
            require_posix("a process of its own (--isolate, --jobs)")
        except ValueError as error:
            raise SpecError(str(error)) from error
        self._limits = limits
        self._notes = tempfile.TemporaryFile()  # noqa: SIM115  # Closed when the process ends.
        self._answers, write = os.pipe()
        notes = self._notes.fileno()
        self._process = RunningProcess(
            [sys.executable, "-P", "-m", _WORKER, str(write), str(notes)],
            stdout=subprocess.DEVNULL,
            pass_fds=(write, notes),
            environment=_PATIENT | os.environ,
            own_session=True,  # Ctrl-C is ours, and what the subject starts ends with it.
        )
        os.close(write)

    def ask(self, request: Load | Request) -> Answer:
        """Return the answer; raise :class:`Died` if none comes."""
        try:
            self._process.write(msgspec.json.encode(request) + b"\n")
        except BrokenPipeError:
            raise self._died() from None
        limit = self._limits.seconds * (_LOADING if isinstance(request, Load) else 1)
        asked, answer = time.monotonic(), b""
        while not answer.endswith(b"\n"):
            if select.select([self._answers], [], [], _TICK)[0]:
                data = os.read(self._answers, 1 << 16)
                if not data:
                    raise self._died()
                answer += data
                continue
            began = asked if isinstance(request, Load) else call_began(self._notes.fileno())
            if began and time.monotonic() - began > limit:
                raise Died(f"did not return within {limit:g} s")
        try:
            return msgspec.json.decode(answer, type=Answer)
        except msgspec.DecodeError:
            raise Died("wrote into the channel of its answers") from None

    def _died(self) -> Died:
        ending = self._process.ending()
        words = self._process.last_words()
        return Died(f"ended its process with {ending}" + (f"; it said: {words}" if words else ""))

    def last_arguments(self) -> tuple[Array, ...]:
        """Return the arguments of the last call; empty if there was none."""
        return last_arguments(self._notes.fileno())

    def close(self) -> None:
        """End it, and what it started."""
        self._process.end()
        os.close(self._answers)
        self._notes.close()
