"""Files on disk: written whole or not at all, and removed."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

__all__ = ["remove", "write_atomically"]


def write_atomically(path: Path, content: bytes) -> None:
    """Write a new file and rename it to `path`: a reader sees the whole old file or the new one.

    Raises
    ------
    OSError
        If its directory cannot be written to.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def remove(directory: Path, names: Iterable[str]) -> None:
    """Remove files of a directory, those that are there.

    Raises
    ------
    OSError
        If a file cannot be removed.
    """
    for name in names:
        (directory / name).unlink(missing_ok=True)
