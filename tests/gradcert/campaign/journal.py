"""The folder of a search: what it is about, and the blocks that are done."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

import msgspec

from gradcert.campaign.requests import Request
from gradcert_reports.atomic import write_atomically
from gradcert_reports.searches.records import SearchedBlock

__all__ = ["CannotWriteError", "Journal", "Line", "OtherSearch", "Started", "writing"]

_STARTED, _BLOCKS = "started.json", "blocks.jsonl"


class OtherSearch(Exception):
    """The folder is that of another search, which may be running, or holds what no search wrote."""


class CannotWriteError(Exception):
    """The folder of a search cannot be written to; a message in one line."""


@contextmanager
def writing(directory: Path) -> Iterator[None]:
    """Say of which folder an error is.

    Raises
    ------
    CannotWriteError
        In place of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise CannotWriteError(f"cannot write to {directory}: {error.strerror}") from error


class Started(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a search began: the first file in its folder.

    Attributes
    ----------
    request
        What it is about.
    command, date
        The command that began it, and when.
    versions
        The versions of gradcert with its code, of the libraries that decide and of that of the
        subject.
    files
        The files that the SPEC names, each with what tells its contents from others.
    folder
        The working directory, if the SPEC names a file by a relative path.
    hours, rows
        When it ends. None for no limit.
    """

    request: Request
    command: str
    date: str
    versions: dict[str, str]
    files: dict[str, str] = {}
    folder: str = ""
    hours: float | None = None
    rows: float | None = None


class Line(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A block that is done, and the seconds that the search had run then, in all its runs."""

    at: float
    block: SearchedBlock


class Journal:
    """The folder of a search.

    Parameters
    ----------
    directory
        The folder. It exists.

    Attributes
    ----------
    directory
        The folder.
    started
        How the search began; None if it has not.
    lines
        The blocks that are done, each once, in the order in which they came.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.started: Started | None = None
        self.lines: list[Line] = []
        beginning = directory / _STARTED
        if not beginning.exists():
            return
        try:
            self.started = msgspec.json.decode(beginning.read_bytes(), type=Started)
            self.lines = list(self._read())
        except ValueError as error:
            raise OtherSearch(f"{directory} holds no search that can be read: {error}") from error

    def _whole(self) -> tuple[bytes, bool]:
        """Return the whole lines, and whether a last one is cut short: it does not count."""
        path = self.directory / _BLOCKS
        content = path.read_bytes() if path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        return whole, len(whole) < len(content)

    def _read(self) -> Iterator[Line]:
        seen: set[int] = set()
        for text in self._whole()[0].splitlines():
            line = msgspec.json.decode(text, type=Line)
            if line.block.number not in seen:
                seen.add(line.block.number)
                yield line

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from searching in the folder, if its file system has locks.

        Raises
        ------
        OtherSearch
            If another process searches in it.
        """
        lock = os.open(self.directory, os.O_RDONLY)
        try:
            try:
                flock(lock, LOCK_EX | LOCK_NB)
            except BlockingIOError as error:
                raise OtherSearch(f"another process searches in {self.directory}") from error
            except OSError:
                pass  # The file system has no locks.
            yield
        finally:
            os.close(lock)

    @property
    def seconds(self) -> float:
        """How long the search had run when its last block came."""
        return max((line.at for line in self.lines), default=0.0)

    def begin(self, started: Started) -> None:
        """Write down how the search began, or with which limits it goes on.

        A last line that was cut short is removed here, and not where the folder is read: while
        another process searches, its last line may be half written.

        Raises
        ------
        CannotWriteError
            If the folder cannot be written to.
        """
        with writing(self.directory):
            whole, cut = self._whole()
            if cut:
                write_atomically(self.directory / _BLOCKS, whole)
            write_atomically(self.directory / _STARTED, msgspec.json.encode(started))
        self.started = started

    def add(self, at: float, block: SearchedBlock) -> None:
        """Add a block that is done.

        Raises
        ------
        CannotWriteError
            If the file cannot be written to; a line that is cut short does not count then.
        """
        line = Line(round(at, 3), block)
        with writing(self.directory), (self.directory / _BLOCKS).open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")
        self.lines.append(line)
