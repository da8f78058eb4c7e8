"""Where a certificate comes from: versions, machine, seed, time."""

import functools
import importlib.metadata
import platform
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from gradcert_implementations import Implementation
from gradcert_reports import Provenance

__all__ = ["provenance"]

_ALWAYS = ("gradcert", "numpy", "python-flint", "hypothesis")


@functools.cache
def _processor() -> str:
    """Return the model of the processor; Linux tells it in a file, other systems platform."""
    listed = Path("/proc/cpuinfo")
    if sys.platform == "linux" and listed.exists():
        for line in listed.read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


@functools.cache
def _versions(library: str) -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name in dict.fromkeys((*_ALWAYS, library)):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # A library need not be a distribution.
    return versions


def provenance(
    subject: Implementation, *, seed: int, max_examples: int
) -> Callable[[], Provenance]:
    """Begin a certificate now; what is returned tells where it comes from, and how long it took."""
    began, clock = datetime.now(UTC), time.perf_counter()
    versions, processor = _versions(subject.library), _processor()
    return lambda: Provenance(
        versions=versions,
        library=subject.library,
        device=subject.device,
        machine=f"{platform.platform()}, {platform.machine()}",
        processor=processor,
        seed=seed,
        max_examples=max_examples,
        date=began.isoformat(timespec="seconds"),
        duration=round(time.perf_counter() - clock, 3),
    )
