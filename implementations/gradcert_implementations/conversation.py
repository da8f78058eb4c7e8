"""A running process to talk with: its pipes, how it ended in words, and its last words.

The adapter of programs and the suite's isolation both use it. Waiting on pipes needs POSIX.
"""

import contextlib
import os
import signal
import subprocess
import weakref
from collections.abc import Mapping, Sequence

from gradcert_implementations.drained import DrainedPipe
from gradcert_implementations.last_words import last_words

__all__ = ["RunningProcess", "require_posix"]

_PATIENCE = 0.5
"""Seconds to wait for the end of standard error after the process has ended."""


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
    """A process that runs until it ends or is ended.

    Its standard error is read as it comes, so that it never waits for a reader. Only the beginning
    and the end are kept, however much it writes.

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
        self._errors = DrainedPipe()
        try:
            self._process = subprocess.Popen(
                command,
                stdin=stdin,
                stdout=stdout,
                stderr=self._errors.writer,
                bufsize=0,
                pass_fds=pass_fds,
                env=environment,
                start_new_session=own_session,
            )
        except BaseException:
            self._errors.close()
            raise
        self._errors.inherited()
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
        """Return what its standard error says of its end, on one line; see :func:`last_words`."""
        if self._process.poll() is not None:
            self._errors.wait(_PATIENCE)
        return last_words(self._errors.head, self._errors.tail, cut=self._errors.cut)


def _end(process: subprocess.Popen[bytes], errors: DrainedPipe, own_session: bool) -> None:
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
