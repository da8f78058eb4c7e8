"""Reports on disk: written atomically, validated when they are read."""

import os
import tempfile
from pathlib import Path

from gradcert_reports.html.page import html
from gradcert_reports.model.encoding import decode, encode
from gradcert_reports.model.records import Report
from gradcert_reports.text.badge import badge
from gradcert_reports.text.junit import junit
from gradcert_reports.text.markdown import markdown

__all__ = ["clear", "keep", "prepare", "read", "replace_file", "write"]

_PAGES = {"index.html": html, "report.md": markdown, "junit.xml": junit, "badge.svg": badge}
"""The pages, in the order in which a reader wants them."""

_KEPT = "certificate.json"


def replace_file(path: Path, content: bytes) -> None:
    """Write a new file and rename it to `path`: a reader sees the whole old file or the new one.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def prepare(directory: Path) -> None:
    """Make the directory of a report, and check that it can be written to.

    Raises
    ------
    OSError
        If the directory cannot be made or written to.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=directory):
        pass


def clear(directory: Path) -> None:
    """Remove the files of an earlier run, so that nobody takes them for those of this run.

    Raises
    ------
    OSError
        If a file cannot be removed.
    """
    for name in (*_PAGES, _KEPT):
        (directory / name).unlink(missing_ok=True)


def keep(report: Report, directory: Path) -> None:
    """Write ``certificate.json`` alone. A run does so after every check, to lose no finding.

    Raises
    ------
    OSError
        If the directory cannot be written to.
    """
    replace_file(directory / _KEPT, encode(report))


def write(report: Report, directory: Path) -> list[Path]:
    """Write ``certificate.json`` and every page into `directory`, which is made if necessary.

    Returns
    -------
    The files, in the order in which a reader wants them.

    Raises
    ------
    OSError
        If the directory cannot be made or written to.
    """
    rendered = {name: page(report) for name, page in _PAGES.items()}
    prepare(directory)
    keep(report, directory)
    for name, page in rendered.items():
        replace_file(directory / name, page.encode())
    return [directory / name for name in (*rendered, _KEPT)]


def read(path: Path) -> Report:
    """Read a ``certificate.json`` of version 1 or 2.

    Raises
    ------
    OSError
        If the file cannot be read.
    UnicodeDecodeError, msgspec.DecodeError
        If it is not JSON.
    msgspec.ValidationError
        If it is of another version, does not follow the schema or contradicts itself.
    """
    return decode(path.read_bytes())
