"""Reports on disk: written atomically, validated when they are read."""

import tempfile
from errno import ENOTDIR
from os import PathLike
from pathlib import Path

from gradcert_reports.atomic import remove, write_atomically
from gradcert_reports.html.page import html
from gradcert_reports.model.encoding import decode, encode
from gradcert_reports.model.records import Certificate, Report
from gradcert_reports.text.badge import badge
from gradcert_reports.text.junit import junit
from gradcert_reports.text.markdown import markdown

__all__ = ["clear", "keep", "prepare", "read", "write"]

_PAGES = {"index.html": html, "report.md": markdown, "junit.xml": junit, "badge.svg": badge}
"""The pages, in the order in which a reader wants them."""

_KEPT = "certificate.json"


def prepare(directory: Path) -> None:
    """Make the directory of a report, and check that it can be written to.

    Raises
    ------
    OSError
        If the directory cannot be made or written to.
    """
    if directory.is_file():
        raise NotADirectoryError(ENOTDIR, "it is a file, and no folder", str(directory))
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
    remove(directory, (*_PAGES, _KEPT))


def keep(report: Report, directory: Path) -> None:
    """Write ``certificate.json`` alone. A run does so after every check, to lose no finding.

    Raises
    ------
    OSError
        If the directory cannot be written to.
    """
    write_atomically(directory / _KEPT, encode(report))


def write(found: Report | Certificate, directory: str | Path) -> list[Path]:
    """Write ``certificate.json`` and every page into `directory`, which is made if necessary.

    Each file is replaced as a whole: a reader sees the old one or the new one.

    Parameters
    ----------
    found
        A certificate, or a report of several.
    directory
        The folder.

    Returns
    -------
    The files, in the order in which a reader wants them.

    Raises
    ------
    OSError
        If the directory cannot be made or written to.
    ValueError
        If `found` is neither a certificate nor a report, or `directory` no path.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     written = write(Report(certificates=()), folder)
    >>> [path.name for path in written]
    ['index.html', 'report.md', 'junit.xml', 'badge.svg', 'certificate.json']
    """
    if not isinstance(found, Certificate | Report):
        raise ValueError(
            f"write gets an object of type {type(found).__name__}; expected a Certificate, or "
            "several as Report(certificates=(first, second))"
        )
    if not isinstance(directory, str | PathLike):
        raise ValueError(f"the directory is {directory!r}; expected the name of a folder or a Path")
    report = Report(certificates=(found,)) if isinstance(found, Certificate) else found
    directory = Path(directory)
    rendered = {name: page(report) for name, page in _PAGES.items()}
    prepare(directory)
    keep(report, directory)
    for name, page in rendered.items():
        write_atomically(directory / name, page.encode())
    return [directory / name for name in (*rendered, _KEPT)]


def read(path: Path) -> Report:
    """Read a ``certificate.json`` of version 1 or 2.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    The report. One of version 1 is read as one of version 2.

    Raises
    ------
    OSError
        If the file cannot be read.
    UnicodeDecodeError, msgspec.DecodeError
        If it is not JSON.
    msgspec.ValidationError
        If it is of another version, does not follow the schema or contradicts itself.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = write(Report(certificates=()), Path(folder))
    ...     read(Path(folder, "certificate.json")).complete
    True
    """
    return decode(path.read_bytes())
