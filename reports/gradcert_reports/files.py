"""Reports on disk: written atomically, validated when read back."""

import os
import tempfile
from pathlib import Path

import msgspec

from gradcert_reports.markdown import markdown
from gradcert_reports.records import Report

__all__ = ["json_schema", "prepare", "read", "write"]


def _replace(path: Path, content: bytes) -> None:
    """Write beside `path` and rename, so that a reader sees the old file or the new one, whole."""
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
    """Make the directory of a report, and see that it can be written to.

    Raises
    ------
    OSError
        If it cannot.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=directory):
        pass


def write(report: Report, directory: Path) -> None:
    """Write ``certificate.json`` and ``report.md`` into `directory`, which is made if need be.

    Raises
    ------
    OSError
        If the directory cannot be made or written to.
    """
    written = msgspec.json.format(msgspec.json.encode(report))
    rendered = markdown(report).encode()
    directory.mkdir(parents=True, exist_ok=True)
    _replace(directory / "certificate.json", written)
    _replace(directory / "report.md", rendered)


def read(path: Path) -> Report:
    """Read a ``certificate.json`` back.

    Raises
    ------
    OSError
        If the file cannot be read.
    msgspec.ValidationError
        If it does not follow the schema, saying where.
    """
    return msgspec.json.decode(path.read_bytes(), type=Report)


def json_schema() -> bytes:
    """Return the JSON Schema of ``certificate.json``, as ``reports/schema/`` holds it."""
    return msgspec.json.format(msgspec.json.encode(msgspec.json.schema(Report))) + b"\n"
