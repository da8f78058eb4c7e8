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

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["cannot_print", "flushed", "own_output", "printing", "ready", "say"]

_ASCII = {"≥": ">=", "…": "...", "\N{EN DASH}": "-", "─": "-"}
"""What stands for a character that the terminal does not know."""


def say(message: str) -> None:
    """Write a line to standard error. Where that is closed or full, nobody is there to read it."""
    try:
        typer.echo(message, err=True)
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


@contextlib.contextmanager
def own_output() -> Iterator[TextIO | None]:
    """Yield standard output, to which only the command itself writes; None if it is closed.

    What a subject writes to standard output within the block goes to standard error. It may close
    or replace either stream, because the one that is yielded has a descriptor of its own.
    """
    kept = sys.stdout
    try:
        kept.flush()
        copy = os.dup(kept.fileno())
    except (AttributeError, OSError, ValueError):  # It is None, or not a file.
        with contextlib.redirect_stdout(sys.stderr):
            yield kept
        return
    others = open(2, "w", closefd=False)  # noqa: SIM115
    with open(copy, "w", encoding=kept.encoding, errors=kept.errors) as own:  # noqa: PTH123
        os.dup2(2, 1)
        try:
            with contextlib.redirect_stdout(others):
                yield own
        finally:
            with contextlib.suppress(OSError, ValueError):
                others.close()
            os.dup2(copy, 1)
