"""The settings of the process that a call may leave changed, and on which other code relies.

They are read around every call of an isolated subject. So each is read in a microsecond or less,
and with functions that were taken before a subject could replace them.
"""

import gc
import importlib
import locale
import operator
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcert.core.float_environment import (
    flushes_to_zero,
    keep_subnormals,
    rounds_to_nearest,
    traps,
)
from gradcert.core.random_states import followed_numpy, followed_python

__all__ = ["SETTINGS", "UNKNOWN", "Setting"]

UNKNOWN: Any = object()
"""The value of a setting that cannot be read, or of which no default is known."""


@dataclass(frozen=True)
class Setting:
    """A setting of the process: how it is read, set back, and shown.

    Attributes
    ----------
    name
        What changed, for a sentence that begins "the call changed".
    read, restore
        Read its value, and set it to a value that was read before.
    expression
        Python that shows it, with numpy as ``np``.
    same
        Whether two of its values are equal.
    default
        Its value right after the framework that has it is loaded.
    set_by_loading
        Whether libraries change it when they are loaded. Then a call that loads one may.
    """

    name: str
    read: Callable[[], Any]
    restore: Callable[[Any], object]
    expression: str
    same: Callable[[Any, Any], bool] = operator.eq
    default: Any = UNKNOWN
    set_by_loading: bool = False


def _module(name: str) -> str:
    """Return the Python that is a module, in an expression that imports nothing."""
    return f'__import__("{name}")'


def _all_are(ones: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    """Return whether two tuples hold the same objects. Equality of a subject's objects may lie."""
    return len(ones) == len(others) and all(map(operator.is_, ones, others))


def _of_numpy() -> Iterator[Setting]:
    geterr, geterrcall = np.geterr, np.geterrcall
    seterr, seterrcall = np.seterr, np.seterrcall
    yield Setting("numpy's error mode", geterr, lambda mode: seterr(**mode), "np.geterr()")
    yield Setting(
        "numpy's handler of errors",
        geterrcall,
        seterrcall,
        "np.geterrcall()",
        same=operator.is_,
    )
    set_options = np.set_printoptions
    yield Setting(
        "numpy's print options",
        np.get_printoptions,
        lambda options: set_options(**options),
        "np.get_printoptions()",
    )
    followed = followed_numpy()
    yield Setting(
        "numpy's random state",
        followed.stretch,
        followed.resume,
        "np.random.get_state()[1:3]",
        same=operator.is_,
    )


def _of_the_processor() -> Iterator[Setting]:
    def restored(_: bool) -> None:
        keep_subnormals()

    halved = "np.array([2.0**-1022]) / 2"
    yield Setting("flush-to-zero", flushes_to_zero, restored, halved)
    sums = "(np.array([1.0, 1.0]) + [2.0**-60, -(2.0**-60)]).tolist()"
    yield Setting("the rounding mode", rounds_to_nearest, restored, sums)
    enabled = f"{_module('ctypes')}.CDLL(None).fegetexcept()"
    yield Setting("the traps of floating-point errors", traps, restored, enabled)


def _set_filters(filters: tuple[Any, ...]) -> None:
    warnings.resetwarnings()  # It also says that they changed, to what remembers old ones.
    warnings.filters[:] = filters  # type: ignore[index]


def _is_closed(stream: Any) -> bool:
    return getattr(stream, "closed", False) is True


def _stream(name: str, descriptor: int) -> Setting:
    """Return one of the standard streams. One that is closed is opened again."""

    def read() -> tuple[Any, bool]:
        stream = getattr(sys, name)
        return stream, _is_closed(stream)

    def restored(value: tuple[Any, bool]) -> None:
        stream, was_closed = value
        if _is_closed(stream) and not was_closed:
            mode = "w" if descriptor else "r"
            encoding, errors = (getattr(stream, what, None) for what in ("encoding", "errors"))
            stream = os.fdopen(descriptor, mode, encoding=encoding, errors=errors, closefd=False)
        setattr(sys, name, stream)

    expression = f"repr({_module('sys')}.{name})"
    return Setting(f"sys.{name}", read, restored, expression, same=_all_are)


def _of_python() -> Iterator[Setting]:
    followed = followed_python()
    yield Setting(
        "Python's random state",
        followed.stretch,
        followed.resume,
        f"{_module('random')}.getstate()[1][-1]",
        same=operator.is_,
    )
    yield from map(_stream, ("stdin", "stdout", "stderr"), range(3))
    yield Setting(
        "the warnings filters",
        lambda: tuple(warnings.filters),
        _set_filters,
        f"{_module('warnings')}.filters",
        set_by_loading=True,
    )
    yield Setting(
        "the garbage collector",
        gc.isenabled,
        lambda on: gc.enable() if on else gc.disable(),
        f"{_module('gc')}.isenabled()",
    )
    yield Setting(
        "the recursion limit",
        sys.getrecursionlimit,
        sys.setrecursionlimit,
        f"{_module('sys')}.getrecursionlimit()",
        set_by_loading=True,
    )
    for what, read, restore in (
        ("trace", sys.gettrace, sys.settrace),
        ("profile", sys.getprofile, sys.setprofile),
    ):
        expression = f"{_module('sys')}.get{what}()"
        yield Setting(f"the {what} function", read, restore, expression, same=operator.is_)


_VARIABLES: dict[Any, Any] = vars(os.environ)["_data"]
"""What lies below ``os.environ``, which takes a hundred times as long to be copied."""


def _set_environment(value: tuple[Any, dict[Any, Any]]) -> None:
    os.environ, variables = value
    for name in _VARIABLES.keys() - variables.keys():
        os.unsetenv(name)
    for name, text in variables.items():
        os.putenv(name, text)
    _VARIABLES.clear()
    _VARIABLES.update(variables)


def _read_umask() -> int:
    """Return the umask. To be read it must be set, for a moment: to one that hides new files."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _of_the_system() -> Iterator[Setting]:
    yield Setting(
        "the environment",
        lambda: (os.environ, _VARIABLES.copy()),
        _set_environment,
        f"dict({_module('os')}.environ)",
        same=lambda ones, others: ones[0] is others[0] and ones[1] == others[1],
        set_by_loading=True,
    )
    yield Setting("the working directory", os.getcwd, os.chdir, f"{_module('os')}.getcwd()")
    umask = f"{_module('os')}.umask"
    yield Setting("the umask", _read_umask, os.umask, f"[m := {umask}(63), {umask}(m)][0]")
    locales = f"{_module('locale')}.setlocale({_module('locale')}.LC_ALL)"
    setlocale, every = locale.setlocale, locale.LC_ALL
    yield Setting(
        "the locale", lambda: setlocale(every), lambda value: setlocale(every, value), locales
    )


@dataclass(frozen=True)
class _Timers:
    """The seconds until each timer ends, with its interval, and when they were read."""

    alarm: tuple[float, float]
    others: tuple[tuple[float, float], ...]
    read_at: float

    @staticmethod
    def read() -> "_Timers":
        others = signal.getitimer(signal.ITIMER_VIRTUAL), signal.getitimer(signal.ITIMER_PROF)
        return _Timers(signal.getitimer(signal.ITIMER_REAL), others, time.monotonic())

    def left(self, now: float) -> float:
        """Return the seconds that are left of the alarm; 0 if there is none, or it went off."""
        seconds, interval = self.alarm
        return seconds if interval else max(0.0, seconds - (now - self.read_at))


_LATE = 0.05
"""Seconds by which a timer may be off when it is read."""


def _same_timers(before: _Timers, after: _Timers) -> bool:
    """Return whether the same timers run. A timer of CPU time may have run at any speed."""
    expected, found = before.left(after.read_at), after.alarm[0]
    running = [[(seconds > 0, each) for seconds, each in one.others] for one in (before, after)]
    return (
        before.alarm[1] == after.alarm[1]
        and (before.alarm[0] == 0) <= (found == 0)
        and (bool(after.alarm[1]) or abs(found - expected) < _LATE)
        and running[0] == running[1]
    )


def _set_timers(before: _Timers) -> None:
    left = before.left(time.monotonic())
    due = max(left, 1e-6) if before.alarm[0] else 0.0  # Zero would switch it off.
    signal.setitimer(signal.ITIMER_REAL, due, before.alarm[1])
    for which, timer in zip(
        (signal.ITIMER_VIRTUAL, signal.ITIMER_PROF), before.others, strict=True
    ):
        signal.setitimer(which, *timer)


def _of_signals() -> Iterator[Setting]:
    """Yield what only a system of POSIX has. Only the main thread may set handlers."""
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
        f"[*map({_module('signal')}.getsignal, {_module('signal')}.valid_signals())]",
        same=_all_are,
    )
    yield Setting(
        "the blocked signals",
        lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        lambda blocked: signal.pthread_sigmask(signal.SIG_SETMASK, blocked),
        f"{_module('signal')}.pthread_sigmask(0, ())",
    )
    yield Setting(
        "the alarm or another timer",
        _Timers.read,
        _set_timers,
        f"[*map({_module('signal')}.getitimer, range(3))]",
        same=_same_timers,
    )


SETTINGS: tuple[Setting, ...] = (
    *_of_numpy(),
    *_of_python(),
    *_of_the_processor(),
    *_of_the_system(),
    *(_of_signals() if os.name == "posix" else ()),
)
"""The settings that every process has; those of a framework come where it is loaded."""
