"""Whether the processor keeps subnormal numbers, which code may leave changed for the whole thread.

Libraries compiled with ``-ffast-math`` change it when they are loaded, frameworks when they are
told to (``torch.set_flush_denormal``). Neither Hypothesis nor exact arithmetic can work with it.
"""

import ctypes
import sys

import numpy as np

__all__ = ["flushes_to_zero", "keep_subnormals"]

_SMALLEST_NORMAL = np.array([2.0**-1022])

_FE_DFL_ENV = ctypes.c_void_p(-1)
"""What glibc calls the floating-point environment that a program starts with."""


def flushes_to_zero() -> bool:
    """Tell whether the processor makes zero of subnormal numbers."""
    return not (_SMALLEST_NORMAL / 2).all()


def keep_subnormals() -> None:
    """Let the processor keep them again, where the system can be told to."""
    if flushes_to_zero() and sys.platform.startswith("linux"):
        ctypes.CDLL(None).fesetenv(_FE_DFL_ENV)
