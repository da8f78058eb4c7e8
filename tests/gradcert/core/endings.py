"""A subject in this process must not end it with an exit status of its choice."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["no_exit"]


class _Refusing:
    """What stands in for ``os._exit``. A subject may keep it, and call it when Python exits."""

    def __init__(self) -> None:
        self.real = os._exit
        self.active = True
        self._process = os.getpid()

    def __call__(self, status: int) -> None:
        """Raise SystemExit, unless a child process ends, or a thread such as pytest-timeout's."""
        elsewhere = threading.current_thread() is not threading.main_thread()
        if os.getpid() != self._process or (status and (elsewhere or not self.active)):
            self.real(status)
        if self.active:
            raise SystemExit(f"os._exit({status})")


@contextmanager
def no_exit() -> Iterator[None]:
    """Let ``os._exit`` raise SystemExit within the block, so that it is an error like any other.

    A run that ends by ``os._exit(0)`` looks as if all conformed. A child process may end itself,
    and so may another thread, with another status than 0. A subject may keep the replaced function:
    after the block, a call of it with status 0 does nothing. Native code and ``os.execv`` are not
    seen: only a process of its own contains them.

    Examples
    --------
    >>> with no_exit():
    ...     os._exit(0)
    Traceback (most recent call last):
    SystemExit: os._exit(0)
    """
    refusing = _Refusing()
    if isinstance(refusing.real, _Refusing):  # An outer block has replaced it.
        yield
        return
    vars(os)["_exit"] = refusing
    try:
        yield
    finally:
        refusing.active = False
        vars(os)["_exit"] = refusing.real
