"""What ends a run before its last check: Ctrl-C, SIGTERM, and a time budget that is used up."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer

from gradcert.cli.statuses import Status
from gradcert.cli.streams import say
from gradcert_implementations.errors import one_line

__all__ = ["Budget", "stoppable"]

_end_process = os._exit
"""As it is before a subject is loaded, which may replace it."""

_GRACE = 5
"""Seconds after which a run that its time budget could not interrupt is ended all the same."""

_MOMENT = 0.05
"""Seconds after which an interrupt that was dropped comes again."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def _end_at_once(*_: Any) -> NoReturn:
    say("interrupted again: ended at once")
    _end_process(Status.INTERRUPTED)


class _Stop(KeyboardInterrupt):
    """A signal came, or the time is used up."""


def _stop(*_: Any) -> NoReturn:
    """Raise KeyboardInterrupt. The next signal ends the process, even where this is caught."""
    for number in _SIGNALS:
        signal.signal(number, _end_at_once)
    raise _Stop


def _stop_main() -> None:
    """Send SIGTERM to the main thread, so that it does not go on waiting for anything."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


class Budget:
    """The time that a run may take; any time if `seconds` is None.

    Attributes
    ----------
    used_up
        Whether it ended the run.
    wrong
        Whether something wrong was found so far.
    """

    def __init__(self, seconds: float | None) -> None:
        self.used_up = self.wrong = False
        self._over, self._lock = threading.Event(), threading.Lock()
        if seconds is not None:
            wait = min(seconds, threading.TIMEOUT_MAX)
            threading.Thread(target=self._watch, args=(wait,), daemon=True).start()

    def _watch(self, seconds: float) -> None:
        self._over.wait(seconds)
        with self._lock:
            if self._over.is_set():
                return
            self.used_up = True
            _stop_main()
        if not self._over.wait(_GRACE):
            say("gradcert: the time budget is used up, and the implementation does not return")
            _end_process(Status.WRONG if self.wrong else Status.INCOMPLETE)

    def over(self) -> None:
        """Note that the work is done: no time is counted from now on."""
        with self._lock:
            self._over.set()


@contextmanager
def _not_dropped() -> Iterator[None]:
    """Interrupt again a moment later where Python drops the exception of an interrupt.

    It does so in a callback of its garbage collector, for example, where it prints a traceback.
    """
    before, timers = sys.unraisablehook, list[threading.Timer]()

    def again(dropped: "sys.UnraisableHookArgs") -> None:
        if not isinstance(dropped.exc_value, _Stop):
            before(dropped)
            return
        signal.signal(signal.SIGTERM, _stop)
        timers.append(threading.Timer(_MOMENT, _stop_main))
        timers[-1].start()

    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = before
        for timer in timers:
            timer.cancel()


@contextmanager
def stoppable(seconds: float | None = None) -> Iterator[Budget]:
    """Raise KeyboardInterrupt in the block on SIGTERM, and when these seconds are over.

    An interrupt that the block lets through, while a subject is loaded, ends the command. What is
    ours ends the block by ``typer.Exit``. A SystemExit is of a subject, so its status is not ours.

    Raises
    ------
    RuntimeError
        In place of a SystemExit.
    """
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # As the shell starts what runs in the background.
            signal.signal(number, _stop)
    budget = Budget(seconds)
    try:
        with _not_dropped():
            yield budget
    except KeyboardInterrupt:
        if budget.used_up:
            say("gradcert: the time budget is used up, and no check has run")
            raise typer.Exit(Status.INCOMPLETE) from None
        say("interrupted: no check has run")
        raise typer.Exit(Status.INTERRUPTED) from None
    except SystemExit as ended:
        raise RuntimeError(one_line(ended)) from ended
    finally:
        budget.over()
        for number, handler in before.items():
            signal.signal(number, handler)
