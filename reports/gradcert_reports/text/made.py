"""When, with what and where a page was made: what a published page says below its title."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from gradcert_reports.model.records import Certificate

__all__ = ["NAMED", "commands", "made_on", "today"]

NAMED = 5
"""Commands that the head of a report lists. Of more, each certificate names its own."""


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


def commands(certificates: Iterable[Certificate]) -> list[str]:
    """Return the commands that made some certificates, each once; those without one add none."""
    found = (one.provenance.command for one in certificates)
    return list(dict.fromkeys(filter(None, found)))
