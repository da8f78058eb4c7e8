"""What a search is about, as a record that is kept beside its blocks and sent to workers."""

import hashlib
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from gradcert.core.limits import Limits
from gradcert_implementations import Options

__all__ = ["PROGRAM", "InFile", "Request", "digest", "files_of", "in_file"]

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
        return f"{self.file.stem}_{digest([self.file])}.py"


def in_file(spec: str) -> InFile | None:
    """Return the file that a SPEC names, if it names one.

    Examples
    --------
    >>> in_file("torch:kernels/ce.py:Loss(0.1)")
    InFile(adapter='torch:', file=PosixPath('kernels/ce.py'), name='Loss(0.1)')
    """
    adapter = next((one for one in _ADAPTERS if spec.startswith(one)), "")
    path, found, name = spec.removeprefix(adapter).partition(".py:")
    return InFile(adapter, Path(f"{path}.py"), name) if found else None


def files_of(spec: str) -> tuple[Path, ...]:
    """Return the files that a SPEC names: that of an object, or those in the command of a program.

    Examples
    --------
    >>> files_of("torch:kernels/ce.py:Loss(0.1)"), files_of("numpy"), files_of("command:true")
    ((PosixPath('kernels/ce.py'),), (), ())
    """
    place = in_file(spec)
    if place is not None:
        return (place.file,)
    if not spec.startswith(PROGRAM):
        return ()
    try:
        words = shlex.split(spec.removeprefix(PROGRAM))
    except ValueError:  # Loading says what is wrong with the command.
        return ()
    return tuple(path for path in map(Path, words) if path.is_file())


def digest(files: Iterable[Path]) -> str:
    """Return what tells the contents of files from others; empty if there is none of them."""
    found = [file.read_bytes() for file in files if file.is_file()]
    return hashlib.sha256(b"".join(found)).hexdigest()[:12] if found else ""
