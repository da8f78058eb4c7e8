"""What a search is about, as a record that is kept beside its blocks and sent to workers."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from gradcert.core.limits import Limits
from gradcert_implementations import Options

__all__ = ["InFile", "Request", "in_file"]

_ADAPTERS = "numpy:", "torch:", "jax:"


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
    def digest(self) -> str:
        """What tells the contents of the file from others; empty if there is no file."""
        if not self.file.is_file():
            return ""
        return hashlib.sha256(self.file.read_bytes()).hexdigest()[:12]

    @property
    def copy(self) -> str:
        """The name that the file has on a worker. Other contents have another name."""
        return f"{self.file.stem}_{self.digest}.py"


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
