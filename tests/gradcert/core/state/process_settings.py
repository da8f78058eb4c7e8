"""The settings of the process that a call may leave changed, and on which other code relies.

They are read around every call of an isolated subject. So each is read in a microsecond or less,
and with functions that were taken before a subject could replace them.
"""

import gc
import locale
import operator
import os
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradcert.core.state.float_environment import (
    flushes_to_zero,
    reset_float_environment,
    rounds_to_nearest,
    traps,
)
from gradcert.core.state.random_states import followed_numpy, followed_python
from gradcert.core.state.setting import Setting, all_are, module

__all__ = ["SETTINGS"]


def _of_numpy() -> Iterator[Setting]:
    geterr, geterrcall = np.geterr, np.geterrcall
    seterr, seterrcall = np.seterr, np.seterrcall
    yield Setting(
        "numpy's error mode",
        geterr,
        lambda mode: seterr(**mode),
        "np.geterr()",
    )
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
        reset_float_environment()

    halved = "np.array([2.0**-1022]) / 2"
    yield Setting("flush-to-zero", flushes_to_zero, restored, halved)
    sums = "(np.array([1.0, 1.0]) + [2.0**-60, -(2.0**-60)]).tolist()"
    yield Setting("the rounding mode", rounds_to_nearest, restored, sums)
    enabled = f"{module('ctypes')}.CDLL(None).fegetexcept()"
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

    expression = f"repr({module('sys')}.{name})"
    return Setting(f"sys.{name}", read, restored, expression, same=all_are)


def _of_python() -> Iterator[Setting]:
    followed = followed_python()
    yield Setting(
        "Python's random state",
        followed.stretch,
        followed.resume,
        f"{module('random')}.getstate()[1][-1]",
        same=operator.is_,
    )
    yield from map(_stream, ("stdin", "stdout", "stderr"), range(3))
    yield Setting(
        "the file of a standard stream",
        lambda: [(found.st_dev, found.st_ino) for found in map(os.fstat, range(3))],
        lambda _: None,  # Whoever kept the descriptors gives them back.
        f"[*map({module('os')}.fstat, range(3))]",
    )
    yield Setting(
        "the warnings filters",
        lambda: tuple(warnings.filters),
        _set_filters,
        f"{module('warnings')}.filters",
        set_by_loading=True,
    )
    yield Setting(
        "the garbage collector",
        gc.isenabled,
        lambda on: gc.enable() if on else gc.disable(),
        f"{module('gc')}.isenabled()",
    )
    yield Setting(
        "the recursion limit",
        sys.getrecursionlimit,
        sys.setrecursionlimit,
        f"{module('sys')}.getrecursionlimit()",
        set_by_loading=True,
    )
    for what, read, restore in (
        ("trace", sys.gettrace, sys.settrace),
        ("profile", sys.getprofile, sys.setprofile),
    ):
        expression = f"{module('sys')}.get{what}()"
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
        f"dict({module('os')}.environ)",
        same=lambda ones, others: ones[0] is others[0] and ones[1] == others[1],
        set_by_loading=True,
    )
    yield Setting("the working directory", os.getcwd, os.chdir, f"{module('os')}.getcwd()")
    umask = f"{module('os')}.umask"
    yield Setting("the umask", _read_umask, os.umask, f"[m := {umask}(63), {umask}(m)][0]")
    locales = f"{module('locale')}.setlocale({module('locale')}.LC_ALL)"
    setlocale, every = locale.setlocale, locale.LC_ALL
    yield Setting(
        "the locale", lambda: setlocale(every), lambda value: setlocale(every, value), locales
    )


SETTINGS: tuple[Setting, ...] = (
    *_of_numpy(),
    *_of_python(),
    *_of_the_processor(),
    *_of_the_system(),
)
"""The settings that every process has, on any system and with any framework."""
