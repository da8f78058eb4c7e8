"""Whether the processor keeps subnormal numbers, a mode of the whole thread that code may change.

Libraries compiled with ``-ffast-math`` change it when they are loaded, and frameworks on request
(``torch.set_flush_denormal``). Neither Hypothesis nor exact arithmetic works without subnormals.
"""

import ctypes
import sys

import numpy as np

__all__ = ["flushes_to_zero", "keep_subnormals"]

_SMALLEST_NORMAL = np.array([2.0**-1022])

_FE_DFL_ENV = ctypes.c_void_p(-1)
"""The name that glibc has for the floating-point environment of a new program."""


def flushes_to_zero() -> bool:
    """Return whether the processor replaces subnormal numbers by zero."""
    return not (_SMALLEST_NORMAL / 2).all()


def keep_subnormals() -> None:
    """Switch flush-to-zero off, where the system has a function for it (Linux)."""
    if flushes_to_zero() and sys.platform.startswith("linux"):
        ctypes.CDLL(None).fesetenv(_FE_DFL_ENV)
