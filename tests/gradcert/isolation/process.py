"""A running child and its limits: it is asked, watched, and ended."""

import os
import selectors
import subprocess
import sys
import time
from typing import TypeVar

import msgspec

from gradcert.core.failures import Died
from gradcert.core.limits import Limits
from gradcert.isolation.protocol import Answer, Call, Described, Load, Weigh, size_of_data
from gradcert_implementations import SpecError
from gradcert_implementations.conversation import RunningProcess, require_posix

__all__ = ["Process", "Timeout"]

_CHILD = "gradcert.isolation.child"

_TICK = 0.1
"""Seconds between two looks at the clock and at the process."""

_LOADING = 10
"""Loading may take this many time limits, and so many seconds at least: it imports frameworks."""

_LAST = 1.0
"""Seconds that a process without pipes may take to end."""

_READ = 1 << 20

_LONGEST_LINE, _MOST_DATA = 1 << 24, 1 << 31
"""Bytes of an answer that are read, at most: of its line, and of its blocks."""

_FIRST_OWN = 3
"""The lowest file descriptor that is not one of the three standard ones."""

_PATIENT = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Threads of OpenMP that wait by spinning slow down the processes beside theirs."""

_TELLING = "PYTEST_CURRENT_TEST"
"""The variable of pytest that says which check starts the process."""

_T = TypeVar("_T", Described, Answer)

_GARBAGE = "wrote into the channel of its answers"


class Timeout(Died):
    """The process was ended because it took too long."""


def _pipe() -> tuple[int, int]:
    """Return the two ends of a pipe; none of them has the number of a standard stream."""
    import fcntl  # Only POSIX has it.

    ends = []
    for end in os.pipe():
        ends.append(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, _FIRST_OWN))
        os.close(end)
    reading, writing = ends
    return reading, writing


class Process:
    """A running child.

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
        theirs, self._requests = _pipe()
        self._answers, answering = _pipe()
        os.set_blocking(self._requests, False)
        inherited = _PATIENT | os.environ
        try:
            self._process = RunningProcess(
                [sys.executable, "-P", "-m", _CHILD, str(theirs), str(answering)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs, answering),
                environment={name: v for name, v in inherited.items() if name != _TELLING},
                own_session=True,  # Ctrl-C is ours, and what the subject starts ends with it.
            )
        except BaseException:
            self._close()
            raise
        finally:
            os.close(theirs)
            os.close(answering)

    def load(self, request: Load) -> Described:
        """Return what is loaded; raise :class:`Died` if no answer comes."""
        found, _ = self._exchange(
            request, b"", Described, max(_LOADING, self._limits.seconds * _LOADING)
        )
        return found

    def ask(self, request: Call | Weigh, data: bytes = b"") -> tuple[Answer, bytes]:
        """Return the answer and the bytes of its blocks; raise :class:`Died` if none comes."""
        found, answered = self._exchange(request, data, Answer, self._limits.seconds)
        if found.number != request.number:
            raise Died("answered another request: it wrote into the channel of its answers")
        return found, answered

    def _exchange(
        self, request: Load | Call | Weigh, data: bytes, kind: type[_T], limit: float
    ) -> tuple[_T, bytes]:
        """Write a request and read its answer, with an eye on the clock and on the process."""
        asked, answered = memoryview(msgspec.json.encode(request) + b"\n" + data), bytearray()
        found: _T | None = None
        deadline = time.monotonic() + limit
        with selectors.DefaultSelector() as ready:
            ready.register(self._answers, selectors.EVENT_READ)
            ready.register(self._requests, selectors.EVENT_WRITE)
            while True:
                events = ready.select(min(_TICK, max(0.0, deadline - time.monotonic())))
                places = {key.fd for key, _ in events}
                if self._requests in places:
                    try:
                        asked = asked[os.write(self._requests, asked[:_READ]) :]
                    except BrokenPipeError:
                        raise self._died() from None
                    if not asked:
                        ready.unregister(self._requests)
                if self._answers in places:
                    piece = os.read(self._answers, _READ)
                    if not piece:
                        raise self._died()
                    answered += piece
                    if found is None and b"\n" in piece:
                        line, _, answered = answered.partition(b"\n")
                        found = _decoded(line, kind)
                    wanted = size_of_data(found) if isinstance(found, Answer) else 0
                    if wanted > _MOST_DATA or (found is None and len(answered) > _LONGEST_LINE):
                        raise Died(_GARBAGE)
                    if found is not None and len(answered) >= wanted:
                        if len(answered) > wanted:
                            raise Died(_GARBAGE)
                        return found, bytes(answered)
                elif self._process.ending(0) is not None:
                    raise self._died()
                if time.monotonic() > deadline:
                    raise Timeout(f"did not return within {limit:g} s")

    def _died(self) -> Died:
        ending = self._process.ending(_LAST)
        if ending is None:
            return Died("closed the channel of its answers")
        words = self._process.last_words()
        return Died(f"ended its process with {ending}" + (f"; it said: {words}" if words else ""))

    def end(self) -> None:
        """End it, and what it started."""
        self._process.end()
        self._close()

    def _close(self) -> None:
        for pipe in (self._requests, self._answers):
            os.close(pipe)


def _decoded(line: bytes | bytearray, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Died(_GARBAGE) from None
