"""How the processor computes: a mode of the whole thread, which code may change and leave changed.

Libraries compiled with ``-ffast-math`` flush subnormal numbers to zero when they are loaded, and
frameworks on request (``torch.set_flush_denormal``); ``fesetround`` is left behind by interval
arithmetic, ``feenableexcept`` by debugging. Neither Hypothesis nor exact arithmetic works then.
"""

import ctypes
import sys

__all__ = ["flushes_to_zero", "reset_float_environment", "rounds_to_nearest", "traps"]

_ONE, _LESS_THAN_AN_ULP, _MORE_THAN_HALF = 1.0, 2.0**-60, 0.75 * 2.0**-52
_SMALLEST_NORMAL = 2.0**-1022

_C = ctypes.CDLL(None) if sys.platform.startswith("linux") else None

_FE_DFL_ENV = ctypes.c_void_p(-1)
"""The name that C libraries of Linux have for the floating-point environment of a new program."""


def flushes_to_zero() -> bool:
    """Return whether the processor replaces subnormal numbers by zero."""
    return _SMALLEST_NORMAL / 2 == 0


def rounds_to_nearest() -> bool:
    """Return whether sums are rounded to the nearest number, as IEEE 754 has it by default.

    They are computed and looked at, because ``fegetround`` reads another register than arithmetic
    uses where code has set only one of the two.
    """
    up = _ONE + _LESS_THAN_AN_ULP
    down = -_ONE - _LESS_THAN_AN_ULP
    return up == _ONE and down == -_ONE and _ONE + _MORE_THAN_HALF != _ONE


def traps() -> bool:
    """Return whether a division by zero, or the like, ends the process. Only glibc can tell."""
    enabled = getattr(_C, "fegetexcept", None)
    return enabled is not None and enabled() != 0


def reset_float_environment() -> None:
    """Give the thread the floating-point environment of a new program, where it has a name (Linux).

    Subnormal numbers are kept, sums are rounded to the nearest number, and nothing traps. It takes
    a fifth of a microsecond, so that it can follow every call.
    """
    if _C is not None:
        _C.fesetenv(_FE_DFL_ENV)
