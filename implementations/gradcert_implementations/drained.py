"""A pipe that is read as it is written, so that no writer waits; its two ends are kept."""

import os
import select
from threading import Thread

__all__ = ["DrainedPipe"]

_HEAD, _TAIL = 1 << 13, 1 << 16
"""Bytes that are kept of the beginning and of the end."""

_READ = 1 << 16


class DrainedPipe:
    """A pipe whose reader is a thread. It keeps a bounded beginning and a bounded end.

    Attributes
    ----------
    writer
        The descriptor to write to, which a process inherits.
    head, tail
        The beginning and the end of what was written.
    cut
        Whether something between the two is lost.

    Raises
    ------
    RuntimeError
        If the system gives no thread.

    Examples
    --------
    >>> pipe = DrainedPipe()
    >>> os.write(pipe.writer, b"no memory left")
    14
    >>> pipe.inherited()
    >>> pipe.wait(1.0)
    >>> pipe.head + pipe.tail, pipe.cut
    (b'no memory left', False)
    >>> pipe.close()
    """

    def __init__(self) -> None:
        self.head = self.tail = b""
        self.cut = False
        self._reader, self.writer = os.pipe()
        # The thread waits for this pipe too: when its writer is closed, the thread ends.
        self._ended, self._end = os.pipe()
        self._thread = Thread(target=self._read, daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            os.close(self._end)
            self._close_the_rest()
            raise

    def inherited(self) -> None:
        """Close the writer here, once the process has inherited it."""
        os.close(self.writer)
        self.writer = -1

    def _read(self) -> None:
        wanted = select.poll()
        wanted.register(self._reader, select.POLLIN)
        wanted.register(self._ended, select.POLLIN)
        while self._ended not in dict(wanted.poll()):
            data = os.read(self._reader, _READ)
            if not data:
                break
            self._keep(data)

    def _keep(self, data: bytes) -> None:
        room = _HEAD - len(self.head)
        self.head += data[:room]
        tail = self.tail + data[room:]
        self.cut = self.cut or len(tail) > _TAIL
        self.tail = tail[-_TAIL:]

    def wait(self, patience: float) -> None:
        """Wait until every writer has closed the pipe, but no longer than `patience` seconds.

        A process that its writer started may hold it open for ever.
        """
        self._thread.join(patience)

    def close(self) -> None:
        """Stop reading, and close the pipe. Whoever still writes gets an error."""
        os.close(self._end)
        self._thread.join()
        self._close_the_rest()

    def _close_the_rest(self) -> None:
        for descriptor in (self._reader, self._ended, self.writer):
            if descriptor >= 0:
                os.close(descriptor)
