"""Where a certificate comes from: versions, machine, seed, time."""

import functools
import importlib.metadata
import platform
import shlex
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from gradcert.core.clock import Spent
from gradcert.core.settings import SearchSettings
from gradcert.core.task import Task
from gradcert_implementations import Implementation
from gradcert_reports import Provenance

__all__ = ["machine", "processor", "provenance", "versions"]

_ALWAYS = ("gradcert", "numpy", "python-flint", "hypothesis")


@functools.cache
def processor() -> str:
    """Return the model of the processor, from a file on Linux, elsewhere from ``platform``."""
    listed = Path("/proc/cpuinfo")
    if sys.platform == "linux" and listed.exists():
        for line in listed.read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def machine() -> str:
    """Return the operating system and the kind of machine."""
    return f"{platform.platform()}, {platform.machine()}"


@functools.cache
def versions(*libraries: str) -> dict[str, str]:
    """Return the versions of Python, of gradcert's own libraries, and of these libraries."""
    found = {"python": platform.python_version()}
    for name in dict.fromkeys((*_ALWAYS, *libraries)):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # A library need not be a distribution.
    return found


_PROGRAMS = {"gradcert": "gradcert", "pytest": "pytest", "py.test": "pytest"}
"""How a program of ours is called, by its file, or by its folder if it is run with ``-m``."""


def _command() -> str:
    """Return the command line of this process; empty if the program is another one."""
    program = Path(sys.argv[0])
    name = program.parent.name if program.name == "__main__.py" else program.stem
    return shlex.join([_PROGRAMS[name], *sys.argv[1:]]) if name in _PROGRAMS else ""


def provenance(
    subject: Implementation, settings: SearchSettings
) -> Callable[[Spent, Mapping[Task, float]], Provenance]:
    """Start timing. Return a function from the seconds of each part and check to the record."""
    began, clock = datetime.now(UTC), time.perf_counter()
    found = versions(subject.library)
    return lambda spent, took: Provenance(
        versions=found,
        library=subject.library,
        device=subject.device,
        machine=machine(),
        processor=processor(),
        seed=settings.seed,
        max_examples=settings.max_examples,
        effort=settings.effort,
        date=began.isoformat(timespec="seconds"),
        duration=round(time.perf_counter() - clock, 3),
        spent={payer: round(seconds, 4) for payer, seconds in spent.items()},
        took={str(task): round(seconds, 4) for task, seconds in took.items()},
        command=_command(),
    )
