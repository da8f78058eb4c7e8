"""What leaves each setting of the process changed that a call is watched for."""

import ctypes
import gc
import io
import locale
import os
import platform
import random
import signal
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

_UPWARD = {"aarch64": 0x400000}.get(platform.machine(), 0x800)
_OVERFLOW = 8


def _torch() -> Any:
    return pytest.importorskip("torch")


def _jax() -> Any:
    return pytest.importorskip("jax")


def _nothing(*_: object) -> None:
    return


def _in_another_locale() -> None:
    other = {"C": "C.UTF-8"}.get(locale.setlocale(locale.LC_CTYPE), "C")
    locale.setlocale(locale.LC_CTYPE, other)


TRACES: dict[str, Callable[[], object]] = {
    "numpy's error mode": lambda: np.seterr(all="ignore"),
    "numpy's handler of errors": lambda: np.seterrcall(_nothing),
    "numpy's print options": lambda: np.set_printoptions(precision=2),
    "numpy's random state": lambda: np.random.seed(7),  # noqa: NPY002
    "Python's random state": lambda: random.seed(7),
    "sys.stdin": lambda: setattr(sys, "stdin", io.StringIO()),
    "sys.stdout": lambda: setattr(sys, "stdout", None),
    "sys.stderr": lambda: setattr(sys, "stderr", io.StringIO()),
    "the file of a standard stream": lambda: os.dup2(os.open(os.devnull, os.O_RDWR), 2),
    "the warnings filters": lambda: warnings.simplefilter("ignore", FutureWarning),
    "the garbage collector": gc.disable,
    "the recursion limit": lambda: sys.setrecursionlimit(sys.getrecursionlimit() + 1),
    "the trace function": lambda: sys.settrace(_nothing),
    "the profile function": lambda: sys.setprofile(_nothing),
    "flush-to-zero": lambda: _torch().set_flush_denormal(True),
    "the rounding mode": lambda: ctypes.CDLL(None).fesetround(_UPWARD),
    "the traps of floating-point errors": lambda: ctypes.CDLL(None).feenableexcept(_OVERFLOW),
    "the environment": lambda: os.environ.update(A_TRACE="left"),
    "the working directory": lambda: os.chdir("/"),
    "the umask": lambda: os.umask(0o007),
    "the locale": _in_another_locale,
    "the handlers of signals": lambda: signal.signal(signal.SIGUSR1, signal.SIG_IGN),
    "the blocked signals": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1}),
    "the alarm or another timer": lambda: signal.alarm(1000),
    "torch's default dtype": lambda: _torch().set_default_dtype(_torch().float64),
    "torch's random state": lambda: _torch().manual_seed(7),
    "torch's number of threads": lambda: _torch().set_num_threads(_torch().get_num_threads() + 1),
    "torch's grad mode": lambda: _torch().set_grad_enabled(False),
    "torch's deterministic mode": lambda: setattr(_torch().backends.cudnn, "benchmark", True),
    "torch's precision of matrix products": (
        lambda: _torch().set_float32_matmul_precision("medium")
    ),
    "jax's 64-bit mode": lambda: _jax().config.update(
        "jax_enable_x64", not _jax().config.jax_enable_x64
    ),
}
"""By the name of the setting."""
