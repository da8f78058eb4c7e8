"""An audit of a bound on disk."""

from pathlib import Path

import msgspec

from gradcert_reports.atomic import remove, write_atomically
from gradcert_reports.audits.bound_markdown import bound_markdown
from gradcert_reports.audits.bound_page import bound_page
from gradcert_reports.audits.bound_records import BoundAudit

__all__ = ["clear_bound_audit", "encoded", "write_bound_audit"]

_PAGES = {"index.html": bound_page, "report.md": bound_markdown}
"""The pages, in the order in which a reader wants them."""

_KEPT = "audit.json"


def encoded(audit: BoundAudit) -> bytes:
    """Return what ``audit.json`` holds.

    Examples
    --------
    >>> from gradcert_reports.audits.example import EXAMPLE
    >>> encoded(EXAMPLE).splitlines()[1]
    b'  "schema": "gradcert-bound-audit/1",'
    """
    return msgspec.json.format(msgspec.json.encode(audit), indent=2) + b"\n"


def clear_bound_audit(directory: Path) -> None:
    """Remove the files of an earlier audit.

    Raises
    ------
    OSError
        If a file cannot be removed.
    """
    remove(directory, (*_PAGES, _KEPT))


def write_bound_audit(audit: BoundAudit, directory: Path) -> list[Path]:
    """Write ``audit.json`` and the pages of an audit, and return the files.

    Raises
    ------
    OSError
        If the directory cannot be made or written to.
    """
    directory.mkdir(parents=True, exist_ok=True)
    content = {name: page(audit).encode() for name, page in _PAGES.items()}
    content[_KEPT] = encoded(audit)
    for name, one in content.items():
        write_atomically(directory / name, one)
    return [directory / name for name in content]
