"""Standard output captured while a subject runs, which may close it or replace it."""

import contextlib
import ctypes
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import IO

__all__ = ["captured_output", "descriptors_kept", "flush_libraries"]

_STANDARD = 0, 1, 2

_MOST = 1 << 16
"""Bytes that are read of what a call has written. It may have written gigabytes."""

_C = ctypes.CDLL(None) if os.name == "posix" else None
"""The C library of the whole process, which only POSIX names."""


def flush_libraries() -> None:
    """Write what the libraries below Python have buffered, to where it goes now."""
    if _C is not None:
        _C.fflush(None)


@contextlib.contextmanager
def descriptors_kept() -> Iterator[None]:
    """Give the standard streams their files back at the end, also where they were closed."""
    kept = {}
    for descriptor in _STANDARD:
        with contextlib.suppress(OSError):  # It is closed already.
            kept[descriptor] = os.dup(descriptor)
    try:
        yield
    finally:
        for descriptor, copy in kept.items():
            os.dup2(copy, descriptor)
            os.close(copy)


def _file() -> IO[bytes]:
    """Return a file without a name; in memory where no folder takes one."""
    try:
        return tempfile.TemporaryFile("a+b", buffering=0)
    except OSError:
        if sys.platform != "linux":
            raise
        return os.fdopen(os.memfd_create("output"), "a+b", buffering=0)


@contextlib.contextmanager
def captured_output() -> Iterator[Callable[[], str]]:
    r"""Collect what is written to standard output, by Python and by the libraries below it.

    What is yielded returns what was written since it was called last. It may be called often, and
    then costs less than a capture for each call of a subject.

    Examples
    --------
    >>> with captured_output() as written:
    ...     print("one")
    ...     first = written()
    ...     print("two")
    ...     second = written()
    >>> first, second
    ('one\n', 'two\n')
    """
    with contextlib.suppress(Exception):  # It may be closed, or None.
        sys.stdout.flush()
    flush_libraries()  # What they printed before is not what a call writes.
    with descriptors_kept(), _file() as file:
        # The subject may close what it finds, so each has a descriptor of its own.
        printed = os.fdopen(os.dup(file.fileno()), "w", encoding="utf-8", errors="replace")

        def written() -> str:
            for stream in (printed, sys.stdout):
                with contextlib.suppress(Exception):  # It may be closed, or None, or a subject's.
                    stream.flush()
            flush_libraries()
            os.dup2(file.fileno(), 1)
            file.seek(0)
            found = file.read(_MOST)
            file.truncate(0)
            file.seek(0)  # All that write into it have one position.
            return found.decode(errors="replace")

        os.dup2(file.fileno(), 1)
        with contextlib.redirect_stdout(printed):
            try:
                yield written
            finally:
                written()
                with contextlib.suppress(OSError):
                    printed.close()
