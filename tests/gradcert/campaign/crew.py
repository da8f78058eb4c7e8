"""The workers of a search: how many there are now, and what each of them must have."""

import hashlib
import importlib.metadata
import time
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distributed import Client

__all__ = [
    "DECIDING",
    "ClusterError",
    "Crew",
    "NoClusterError",
    "code",
    "unlike",
    "versions",
]

DECIDING = ("gradcert", "hypothesis", "ml_dtypes", "numpy", "python-flint")
"""The libraries that decide what is drawn and what is computed, beside that of the subject: all
workers have one version."""

_OURS = "gradcert", "gradcert_implementations", "gradcert_oracle", "gradcert_reports"

_BETWEEN = 1.0
"""Seconds between two looks at the workers."""

_GRACE = 20.0
"""Seconds without workers after which none is expected any more. Dask starts a lost one anew."""


class ClusterError(Exception):
    """No block can be examined any more; a message in one line.

    Parameters
    ----------
    message
        The line.
    goes_on
        Whether the search can go on from there.
    """

    def __init__(self, message: str, *, goes_on: bool = True) -> None:
        super().__init__(message)
        self.goes_on = goes_on


class NoClusterError(ClusterError):
    """No block can be examined from the start."""


@cache
def code() -> str:
    """Return what tells the code of gradcert from that of another commit with the same version."""
    digest = hashlib.sha256()
    for name in _OURS:
        found = find_spec(name)
        for folder in found.submodule_search_locations or () if found else ():
            for file in filter(Path.is_file, sorted(Path(folder).rglob("*.py"))):
                digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


def versions(names: Iterable[str]) -> dict[str, str]:
    """Return the versions of those of some libraries that are there, with the code of gradcert."""
    found = {}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # The library of a subject need not be a distribution.
    return found | {"gradcert": f"{found[_OURS[0]]}+{code()}"}


def unlike(worker: str, theirs: Mapping[str, str], ours: Mapping[str, str], threads: int) -> str:
    """Say why a worker would find other things; empty if it would not.

    Examples
    --------
    >>> unlike("tcp://w:1", {"numpy": "2.0"}, {"numpy": "2.2"}, 1)
    'the worker tcp://w:1 has numpy 2.0, and not 2.2'
    >>> unlike("tcp://w:1", {}, {"numpy": "2.2"}, 1)
    'the worker tcp://w:1 has no numpy; install numpy 2.2 there'
    """
    if threads > 1:
        return (
            f"the worker {worker} has {threads} threads, and a subject is examined by one: start "
            "it with --nthreads 1"
        )
    for name, version in ours.items():
        if name not in theirs:
            return f"the worker {worker} has no {name}; install {name} {version} there"
        if theirs[name] != version:
            return f"the worker {worker} has {name} {theirs[name]}, and not {version}"
    return ""


class Crew:
    """The workers of a scheduler.

    Parameters
    ----------
    client
        The connection to the scheduler.

    Attributes
    ----------
    client
        The same.
    workers
        How many workers there were when it looked last.
    """

    def __init__(self, client: "Client") -> None:
        self.client = client
        self._looked = self._seen = time.monotonic()
        self.workers = len(self._running())

    def _running(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = self.client.scheduler_info(n_workers=-1)["workers"]
        return found

    def compare(self, ours: Mapping[str, str]) -> None:
        """Compare the threads and the versions of all workers with ours.

        Parameters
        ----------
        ours
            The versions of this process by the name of the library, as :func:`versions` has them.

        Raises
        ------
        NoClusterError
            If a worker has more threads than one, or another version of a library, or lacks it.
        """
        running = self._running()
        theirs: dict[str, dict[str, str]] = {worker: {} for worker in running}
        for name in ours:
            # A function of the standard library: a worker may have nothing of ours.
            found = self.client.run(importlib.metadata.version, name, on_error="return")
            for worker, version in found.items():
                if isinstance(version, str):
                    theirs.setdefault(worker, {})[name] = version
        released = importlib.metadata.version("gradcert")
        self._refuse(running, theirs, {**ours, "gradcert": released})
        for worker, digest in self.client.run(code, on_error="return").items():
            known = digest if isinstance(digest, str) else "other code"
            theirs.setdefault(worker, {})["gradcert"] = f"{released}+{known}"
        self._refuse(running, theirs, ours)

    @staticmethod
    def _refuse(
        running: Mapping[str, Mapping[str, int]],
        theirs: Mapping[str, Mapping[str, str]],
        ours: Mapping[str, str],
    ) -> None:
        for worker, about in sorted(running.items()):
            said = unlike(worker, theirs[worker], ours, about["nthreads"])
            if said:
                raise NoClusterError(said)

    def look(self) -> None:
        """Count the workers, if it is time.

        Raises
        ------
        ClusterError
            If there are none for some time.
        """
        now = time.monotonic()
        if now < self._looked + _BETWEEN:
            return
        self._looked, self.workers = now, len(self._running())
        if self.workers:
            self._seen = now
        elif now > self._seen + _GRACE:
            raise ClusterError("all workers are gone")
