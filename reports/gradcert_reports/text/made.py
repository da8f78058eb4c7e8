"""When, with what and where a page was made: what a published page says below its title."""

from collections.abc import Mapping
from datetime import UTC, datetime

__all__ = ["made_on", "today"]


def today() -> str:
    """Return the day, ISO 8601, UTC."""
    return datetime.now(UTC).date().isoformat()


def made_on(*, date: str, versions: Mapping[str, str], processor: str, machine: str) -> str:
    """Return the day, the versions and the machine, for a sentence that names the command.

    Examples
    --------
    >>> versions = {"gradcert": "0.1.0", "python": "3.11.7"}
    >>> made_on(date="2026-11-27", versions=versions, processor="Z80", machine="Linux")
    '2026-11-27 with gradcert 0.1.0, python 3.11.7, on Z80 (Linux)'
    """
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"{date} with {listed}, on {processor} ({machine})"
