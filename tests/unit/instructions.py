"""The work of a function, counted and not timed."""

import sys
from collections.abc import Callable
from types import FrameType


def instructions(run: Callable[[], object]) -> int:
    """Count the instructions of Python. Each has at most one operation of balls, or a sum."""
    count, before = 0, sys.gettrace()

    def trace(frame: FrameType, event: str, _: object) -> Callable:  # type: ignore[type-arg]
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
    return count
