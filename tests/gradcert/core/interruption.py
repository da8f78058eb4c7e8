"""What interrupts an examination from outside: a clock that ran out, but no fault of a subject.

A test's time limit (pytest-timeout), or a caller's own alarm, raises an error in the handler of a
signal, somewhere inside what is running. That may be a call of the subject, whose errors are
verdicts, or Hypothesis, which tries again what failed.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Interrupted", "heeding", "interruptible"]

_Handler = Callable[[int, FrameType | None], object]

_RAISED: list[BaseException] = []
"""What a handler has raised in the interruptible block that is running: one error at most."""


class Interrupted(BaseException):
    """A handler of a signal raised an error, its cause, in an interruptible block."""


def _noting(handler: _Handler) -> _Handler:
    """Return the handler, raising its errors as :class:`Interrupted`."""

    def handle(number: int, frame: FrameType | None) -> None:
        try:
            handler(number, frame)
        except BaseException as error:
            if not _RAISED:
                if frame is not None:
                    error.add_note(f"in {frame.f_code.co_filename}:{frame.f_lineno}")
                _RAISED.append(error)
            raise Interrupted from error

    return handle


@contextmanager
def interruptible() -> Iterator[None]:
    """Let the handlers of signals that are there now end the block with the error that they raise.

    Inside, the error is :class:`Interrupted`. Outside, it is the error itself, with a note of the
    interrupted line, also where the block caught it. A handler that is set inside the block, such
    as one of the subject, stays as it is: its errors are the subject's.

    It cannot end a call that catches every error and goes on for ever, nor one that does not return
    to Python. In other threads than the main one no handler runs, and it does nothing. Ctrl-C is a
    KeyboardInterrupt as always.

    Examples
    --------
    >>> def ring(*_):
    ...     raise TimeoutError("time is up")
    >>> before = signal.signal(signal.SIGALRM, ring)
    >>> try:
    ...     with interruptible():
    ...         signal.raise_signal(signal.SIGALRM)
    ... except TimeoutError as error:
    ...     print(error)
    time is up
    >>> _ = signal.signal(signal.SIGALRM, before)
    """
    handlers: dict[signal.Signals, _Handler] = {}
    if threading.current_thread() is threading.main_thread():
        for number in set(signal.Signals) - {signal.SIGINT}:
            handler = signal.getsignal(number)
            if callable(handler):
                handlers[number] = handler
    try:
        for number, handler in handlers.items():
            signal.signal(number, _noting(handler))
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if handlers and _RAISED:
            raise _RAISED.pop() from None


@contextmanager
def heeding() -> Iterator[None]:
    """Raise :class:`Interrupted` after a block that was interrupted and caught the error."""
    try:
        yield
    finally:
        if _RAISED:
            raise Interrupted from _RAISED[0]
