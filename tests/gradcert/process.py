"""A running ``gradcert.worker``, and what it may use: it is asked, watched, and killed."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
import time

import msgspec

from gradcert.limits import Limits
from gradcert.worker import Answer, Asked, Subject, call_began, last_arguments
from gradcert_implementations import Array

__all__ = ["Died", "Process"]

_TICK = 0.1
"""Seconds between two looks at the clock."""

_LOADING = 10
"""Time limits that loading, which imports frameworks, may take."""

_LAST_WORDS = 200

_PATIENT = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Threads of OpenMP that wait by spinning take the processor from the processes beside theirs."""


class Died(Exception):
    """The process is no more; the message says why."""


class Process:
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
            env=_PATIENT | os.environ,
            start_new_session=True,  # Ctrl-C is ours, and what it starts dies with it.
        )
        os.close(write)

    def ask(self, request: Subject | Asked) -> Answer:
        """Return the answer; raise :class:`Died` if none comes."""
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
                raise Died(f"did not return within {limit:g} s")
        return msgspec.json.decode(answer, type=Answer)

    def _died(self) -> Died:
        code = self._process.wait()
        by_signal = code < 0 and (signal.strsignal(-code) or f"signal {-code}")
        how = by_signal or f"exit status {code}"
        self._words.seek(0)
        words = " ".join(self._words.read().decode(errors="replace").split())[-_LAST_WORDS:]
        return Died(f"ended its process with {how}" + (f"; it said: {words}" if words else ""))

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
