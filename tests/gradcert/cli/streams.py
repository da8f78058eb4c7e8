"""What is said on standard output and standard error, whatever these two are.

A subject may close or replace them, they may be closed or full from the start, and the terminal may
know fewer characters than a report has.
"""

import codecs
import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import typer

from gradcert.cli.statuses import Status
from gradcert.core.state.captured_output import flush_libraries
from gradcert_implementations.names import printable

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["cannot_print", "flushed", "kept_streams", "printing", "ready", "say"]

_ASCII = {"≥": ">=", "…": "...", "\N{EN DASH}": "-", "─": "-"}
"""What stands for a character that the terminal does not know."""


def say(message: str) -> None:
    """Write one line to standard error, whatever the message quotes.

    Where that is closed or full, nobody is there to read it.
    """
    try:
        typer.echo(printable(message), err=True)
    except (OSError, ValueError):
        _discard(sys.stderr)


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """Return ASCII for what cannot be encoded, as an error handler of ``codecs`` does."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    end = error.start + 1
    character = error.object[error.start]
    plain = _ASCII.get(character) or character.encode("ascii", "backslashreplace").decode()
    if len(plain) > 1 and error.object[end : end + 1] == " ":
        end += 1  # The columns of a table stay where they are.
        plain = plain.ljust(2)
    return plain, end


def ready() -> None:
    """Make the standard streams usable. The entry point calls this before anything else.

    A descriptor from 0 to 2 that is closed is opened on the null device, so that no other file gets
    its number. ``sys.stdout`` stays None then. What the streams cannot encode is written in ASCII.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # It gets the lowest number that is free.
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115  # Until the end.
    codecs.register_error("gradcert", _in_ascii)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and stream.errors == "strict":
            stream.reconfigure(errors="gradcert")  # type: ignore[union-attr]


def cannot_print(error: OSError) -> Status:
    """Say why standard output cannot be written to, and return the status of that."""
    say(f"gradcert: cannot write to standard output: {error.strerror}")
    return Status.UNPRINTED


@contextlib.contextmanager
def printing(file: TextIO | None) -> Iterator["Console"]:
    """Yield a console for standard output; if it cannot be written to, end with its own status."""
    from rich.console import Console

    class Output(Console):
        def on_broken_pipe(self) -> None:
            raise  # noqa: PLE0704  # rich would end the process with a status of its choice.

    try:
        if file is None:
            raise OSError(errno.EBADF, "it is closed")
        yield Output(file=file)
        file.flush()
    except OSError as error:
        _discard(file)
        raise typer.Exit(cannot_print(error)) from error


def _discard(file: TextIO | None) -> None:
    """Let what is still to be written to a file go nowhere, so that no error comes after this."""
    if file is not None:
        with contextlib.suppress(OSError, ValueError), Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), file.fileno())


def flushed() -> bool:
    """Write what standard output still holds, and return whether that went well."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except ValueError:  # A subject has closed it.
        sys.stdout = None
    except OSError as error:
        _discard(sys.stdout)
        cannot_print(error)
        return False
    return True


def _copy_of(stream: TextIO | None) -> int | None:
    """Return a copy of the descriptor of a stream; None if it has none."""
    try:
        assert stream is not None
        stream.flush()
        return os.dup(stream.fileno())
    except (AssertionError, OSError, ValueError):
        return None


def _put_back(number: int, stream: TextIO | None, copy: int | None) -> TextIO | None:
    """Return a stream as it was, on the descriptor that it had."""
    if copy is None or stream is None:
        return stream
    flush_libraries()
    os.dup2(copy, number)
    os.close(copy)
    if not stream.closed:
        return stream
    return open(number, "w", encoding=stream.encoding, errors=stream.errors, closefd=False)


@contextlib.contextmanager
def kept_streams() -> Iterator[None]:
    """Let what is written to standard output go to standard error, and put both back afterwards.

    Only the command itself writes to standard output: a subject that is loaded or called in the
    block does not, whether or not it closes or replaces a stream.
    """
    output, errors = sys.stdout, sys.stderr
    copies = _copy_of(output), _copy_of(errors)
    if copies[0] is not None:
        os.dup2(2, 1)
    if copies[1] is not None:
        sys.stdout = open(2, "w", closefd=False)  # noqa: SIM115  # Until the end of the block.
    else:
        sys.stdout = errors
    try:
        yield
    finally:
        sys.stdout = _put_back(1, output, copies[0])
        sys.stderr = _put_back(2, errors, copies[1])
