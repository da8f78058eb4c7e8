"""Handlers of signals, blocked signals, and timers that send signals: only POSIX has them all."""

import importlib
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from gradcert.core.state.setting import Setting, all_are, module

__all__ = ["SIGNAL_SETTINGS", "timers_harmless"]


@dataclass(frozen=True)
class _Timers:
    """The seconds until each timer ends, with its interval, and when they began to be read."""

    began: float
    alarm: tuple[float, float]
    others: tuple[tuple[float, float], ...]
    ended: float

    @staticmethod
    def read() -> "_Timers":
        return _Timers(
            time.monotonic(),
            signal.getitimer(signal.ITIMER_REAL),
            (signal.getitimer(signal.ITIMER_VIRTUAL), signal.getitimer(signal.ITIMER_PROF)),
            time.monotonic(),
        )

    def left(self, now: float) -> float:
        """Return at least how many seconds are left of the alarm; 0 if it may have gone off."""
        seconds, interval = self.alarm
        return seconds if interval else max(0.0, seconds - (now - self.began))


_LATE = 0.5
"""Seconds by which an alarm may be off where a busy machine reads it."""


def _same_timers(before: _Timers, after: _Timers) -> bool:
    """Return whether the same timers run. A timer of CPU time may have run at any speed."""
    running = [[(seconds > 0, each) for seconds, each in one.others] for one in (before, after)]
    if running[0] != running[1] or before.alarm[1] != after.alarm[1]:
        return False
    found, expected = after.alarm[0], before.left(after.ended)
    if after.alarm[1] or not found or not before.alarm[0]:
        return bool(found) == bool(expected)
    return abs(found - expected) < _LATE


def _set_timers(before: _Timers) -> None:
    left = before.left(time.monotonic())
    due = max(left, 1e-6) if before.alarm[0] else 0.0  # Zero would switch it off.
    signal.setitimer(signal.ITIMER_REAL, due, before.alarm[1])
    for which, timer in zip(
        (signal.ITIMER_VIRTUAL, signal.ITIMER_PROF), before.others, strict=True
    ):
        signal.setitimer(which, *timer)


def _settings() -> Iterator[Setting]:
    """Yield the settings. Only the main thread may set handlers."""
    # Without the enumerations of the public one, which take thirty times as long.
    handler = importlib.import_module("_signal").getsignal
    numbers = sorted(signal.valid_signals())

    def set_handlers(handlers: tuple[Any, ...]) -> None:
        for number, found, wanted in zip(numbers, map(handler, numbers), handlers, strict=True):
            if found is not wanted and wanted is not None:  # None is a handler of a C library.
                signal.signal(number, wanted)

    yield Setting(
        "the handlers of signals",
        lambda: tuple(map(handler, numbers)),
        set_handlers,
        f"[*map({module('signal')}.getsignal, {module('signal')}.valid_signals())]",
        same=all_are,
    )
    yield Setting(
        "the blocked signals",
        lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        lambda blocked: signal.pthread_sigmask(signal.SIG_SETMASK, blocked),
        f"{module('signal')}.pthread_sigmask(0, ())",
    )
    yield Setting(
        "the alarm or another timer",
        _Timers.read,
        _set_timers,
        f"[*map({module('signal')}.getitimer, range(3))]",
        same=_same_timers,
    )


SIGNAL_SETTINGS: tuple[Setting, ...] = tuple(_settings()) if os.name == "posix" else ()
"""The settings that have to do with signals."""


def _nothing(*_: object) -> None:
    return


@contextmanager
def timers_harmless() -> Iterator[None]:
    """Let no timer that a call left running end the process, unless somebody waits for its signal.

    A handler that does nothing stands where there is none. Only the main thread can do that.
    """
    taken = []
    for name in ("SIGALRM", "SIGVTALRM", "SIGPROF") if os.name == "posix" else ():
        number = signal.Signals[name]
        if signal.getsignal(number) == signal.SIG_DFL:
            with suppress(ValueError):
                signal.signal(number, _nothing)
                taken.append(number)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
