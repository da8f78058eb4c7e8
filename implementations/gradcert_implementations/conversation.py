"""A running process to talk with: its pipes, how it ended in words, and its last words.

The adapter of programs and the suite's isolation both use it. Waiting on pipes needs POSIX.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from typing import IO

from gradcert_implementations.names import printable

__all__ = ["RunningProcess", "require_posix"]

_READ = 2000
"""Bytes that are read from each end of what a process wrote to standard error."""

_WHOLE = 240
"""Characters that are quoted whole."""

_HEAD, _TAIL = 60, 120
"""Characters that are quoted from the two ends of a longer text."""


def require_posix(what: str) -> None:
    """Raise ValueError, in one line, where the operating system is not a POSIX one.

    Parameters
    ----------
    what
        What cannot work there; the message begins with it.

    Examples
    --------
    >>> require_posix("a program behind command:")
    """
    if os.name != "posix":
        raise ValueError(
            f"{what} needs POSIX (Linux, macOS) to wait on pipes; this system is {os.name!r}: "
            "use the Windows Subsystem for Linux"
        )


class RunningProcess:
    """A process that runs until it ends or is ended. Its standard error is kept in a file.

    Parameters
    ----------
    command
        The program and its arguments.
    stdin, stdout
        As for :class:`subprocess.Popen`; pipes by default.
    pass_fds
        File descriptors that stay open in the process.
    environment
        Its environment; that of this process by default.
    own_session
        Whether it leads a session of its own. Then Ctrl-C does not reach it, and the processes that
        it started end with it.

    Attributes
    ----------
    output
        The descriptor to read its standard output from, if that is a pipe.
    end
        A function that ends the process, if it still runs, and closes its pipes and files. Only the
        first call does something. It is also called when this object is deleted, and at exit.

    Raises
    ------
    OSError
        If it cannot be started.

    Examples
    --------
    >>> import os, sys
    >>> process = RunningProcess([sys.executable, "-c", "import sys; sys.exit('no memory left')"])
    >>> process.ending(), process.last_words()
    ('exit status 1', 'no memory left')
    >>> process.end()
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        stdin: int = subprocess.PIPE,
        stdout: int = subprocess.PIPE,
        pass_fds: Sequence[int] = (),
        environment: Mapping[str, str] | None = None,
        own_session: bool = False,
    ) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # Closed when the process ends.
        try:
            self._process = subprocess.Popen(
                command,
                stdin=stdin,
                stdout=stdout,
                stderr=self._errors,
                bufsize=0,
                pass_fds=pass_fds,
                env=environment,
                start_new_session=own_session,
            )
        except BaseException:
            self._errors.close()
            raise
        pipe = self._process.stdout
        self.output = None if pipe is None else pipe.fileno()
        self.end = weakref.finalize(self, _end, self._process, self._errors, own_session)

    def write(self, data: bytes) -> None:
        """Write all of `data` to its standard input.

        Raises
        ------
        BrokenPipeError
            If it does not read to the end.
        """
        assert self._process.stdin is not None
        while data:
            data = data[self._process.stdin.write(data) :]

    def ending(self, patience: float | None = None) -> str | None:
        """Return how the process ended: the name of the signal, or its exit status.

        Parameters
        ----------
        patience
            Seconds to wait for its end; by default as long as it takes. None is returned if it
            still runs then.
        """
        try:
            code = self._process.wait(patience)
        except subprocess.TimeoutExpired:
            return None
        if code < 0:
            return signal.strsignal(-code) or f"signal {-code}"
        return f"exit status {code}"

    def last_words(self) -> str:
        """Return the beginning and the end of its standard error, in one line."""
        size = self._errors.seek(0, os.SEEK_END)
        ends = []
        for place in (0, max(0, size - _READ)):
            self._errors.seek(place)
            ends.append(printable(self._errors.read(_READ).decode(errors="replace")))
        head, tail = ends
        if size <= _READ and len(head) <= _WHOLE:
            return head
        return f"{head[:_HEAD]} ... {tail[-_TAIL:]}"


def _end(process: subprocess.Popen[bytes], errors: IO[bytes], own_session: bool) -> None:
    if own_session:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
    process.wait()
    errors.close()
