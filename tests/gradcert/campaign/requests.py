"""What a search is about, as a record that is kept beside its blocks and sent to workers."""

import hashlib
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from gradcert.core.limits import Limits
from gradcert_implementations import Options

__all__ = ["PROGRAM", "InFile", "Request", "changed", "digest", "files_of", "in_file"]

_ADAPTERS = "numpy:", "torch:", "jax:"

PROGRAM = "command:"
"""What the SPEC of a program begins with."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a search is about. Two searches with equal requests have the same blocks.

    Attributes
    ----------
    spec, options, limits
        What is searched, as :func:`gradcert.certify` has it.
    seed
        What rows are drawn from.
    exhaustive
        Whether every difference of two logits is tried, in place of drawn rows.
    """

    spec: str
    options: Options = field(default_factory=Options)
    limits: Limits | None = None
    seed: int = 0
    exhaustive: bool = False


@dataclass(frozen=True)
class InFile:
    """A SPEC that names a file.

    Attributes
    ----------
    adapter
        Its adapter with the colon, if it has one.
    file, name
        The file, and what is named in it.
    """

    adapter: str
    file: Path
    name: str

    @property
    def copy(self) -> str:
        """The name that the file has on a worker. Other contents have another name."""
        return f"{self.file.stem}_{digest(self.file)}.py"


def in_file(spec: str) -> InFile | None:
    """Return the file that a SPEC names, if it names one.

    Examples
    --------
    >>> in_file("torch:kernels/ce.py:Loss(0.1)")
    InFile(adapter='torch:', file=PosixPath('kernels/ce.py'), name='Loss(0.1)')
    """
    if spec.startswith(PROGRAM):
        return None
    adapter = next((one for one in _ADAPTERS if spec.startswith(one)), "")
    path, found, name = spec.removeprefix(adapter).partition(".py:")
    return InFile(adapter, Path(f"{path}.py"), name) if found else None


def files_of(spec: str) -> dict[str, str]:
    """Return the files that a SPEC names, each with what tells its contents from others.

    They are the file of an object, or the readable ones that the command of a program names.

    Examples
    --------
    >>> files_of("numpy"), files_of("command:true --fast")
    ({}, {})
    """
    place = in_file(spec)
    words = [] if place is None else [str(place.file)]
    if spec.startswith(PROGRAM):
        try:
            words = shlex.split(spec.removeprefix(PROGRAM))
        except ValueError:  # Loading says what is wrong with the command.
            words = []
    found = {word: digest(Path(word)) for word in words}
    return {word: one for word, one in found.items() if one}


def changed(files: Mapping[str, str]) -> str:
    """Return the names of the files that are missing or have other contents; empty if none is."""
    return ", ".join(name for name, was in files.items() if digest(Path(name)) != was)


def digest(file: Path) -> str:
    """Return what tells the contents of a file from others; empty if it cannot be read."""
    try:
        about = file.stat()
        return _digest(file, about.st_mtime_ns, about.st_size)
    except OSError:
        return ""


@lru_cache(maxsize=64)
def _digest(file: Path, *_: int) -> str:
    """Read a file once, as long as its time and its size stay the same."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
