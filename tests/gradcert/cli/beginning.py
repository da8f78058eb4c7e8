"""How a search begins, or goes on: what is wrong with a request is one line, with status 2."""

import sys
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from shlex import join
from typing import TYPE_CHECKING

from gradcert.cli.running import usage_error

if TYPE_CHECKING:
    from gradcert.campaign.journal import Journal, Started
    from gradcert.campaign.requests import Request

__all__ = [
    "beginning",
    "check_files",
    "check_folder",
    "check_limits",
    "going_on",
    "journal_in",
]


def journal_in(into: Path) -> "Journal":
    """Return the folder of a search; end in a usage error if it cannot be read."""
    from gradcert.campaign.journal import Journal, OtherSearch

    try:
        return Journal(into)
    except OtherSearch as error:
        usage_error(f"{error}; choose another --into")
    except OSError as error:
        usage_error(f"cannot read {into}: {error.strerror}; choose another --into")


def check_limits(
    request: "Request", hours: float | None, rows: float | None, *, begins: bool
) -> None:
    """End in a usage error where the limits of a search make no sense, or are missing."""
    for name, limit in {"hours": hours, "rows": rows}.items():
        if limit is not None and not 0 < limit < inf:
            usage_error(f"--{name} is {limit:g}; expected a positive number")
    if hours is not None and rows is not None:
        usage_error("a search ends after --hours or after --rows: leave one of them out")
    if request.exhaustive and rows is not None:
        usage_error("an exhaustive search has its own number of rows: leave --rows out")
    if begins and hours is None and rows is None and not request.exhaustive:
        usage_error("say when the search ends: --hours 8, --rows 1e8, or --exhaustive")


def check_folder(before: "Started") -> None:
    """End in a usage error where the files that SPEC names by relative paths are elsewhere."""
    if before.folder not in ("", str(Path.cwd())):
        usage_error(
            f"the search began in {before.folder}, where {before.request.spec} names a file: go "
            "on from that folder"
        )


def check_files(before: "Started") -> None:
    """End in a usage error where the files that SPEC names are other ones."""
    from gradcert.campaign.requests import changed

    if other := changed(before.files):
        usage_error(
            f"{other} has changed since the search began, or is missing: put it back, or choose "
            "another --into"
        )


def beginning(
    request: "Request", library: str, hours: float | None, rows: float | None
) -> "Started":
    """Return how a search begins."""
    from gradcert.campaign.crew import DECIDING, versions
    from gradcert.campaign.journal import Started
    from gradcert.campaign.requests import files_of

    files = files_of(request.spec)
    return Started(
        request=request,
        command=join(["gradcert", *sys.argv[1:]]),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=versions((*DECIDING, library)),
        files=files,
        folder="" if all(Path(file).is_absolute() for file in files) else str(Path.cwd()),
        hours=hours,
        rows=rows,
    )


def going_on(before: "Started", now: "Started") -> "Started":
    """Return how a search goes on; end in a usage error if it would draw other rows."""
    from msgspec.structs import replace

    if now.versions != before.versions:
        usage_error(
            f"the search began with {_listed(before.versions)}, but {_listed(now.versions)} are "
            "installed now, which may draw other rows: choose another --into"
        )
    limited = now.hours is not None or now.rows is not None
    return replace(before, hours=now.hours, rows=now.rows) if limited else before


def _listed(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())
