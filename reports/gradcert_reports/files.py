"""Reports on disk: written atomically, validated when read back."""

import inspect
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from gradcert_reports.badge import badge
from gradcert_reports.html import html
from gradcert_reports.junit import junit
from gradcert_reports.markdown import markdown
from gradcert_reports.records import Report
from gradcert_reports.results import CheckResult

__all__ = ["clear", "json_schema", "keep", "prepare", "read", "write"]


_PAGES = {"index.html": html, "report.md": markdown, "junit.xml": junit, "badge.svg": badge}
"""The pages, in the order in which a reader wants them."""


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


def clear(directory: Path) -> None:
    """Remove what an earlier run left, so that it cannot stand for one that is cut short.

    Raises
    ------
    OSError
        If a file cannot be removed.
    """
    for name in (*_PAGES, "certificate.json"):
        (directory / name).unlink(missing_ok=True)


def keep(report: Report, directory: Path) -> None:
    """Write ``certificate.json`` alone, as a run does at each step, so that no finding is lost.

    Raises
    ------
    OSError
        If the directory cannot be written to.
    """
    _replace(directory / "certificate.json", msgspec.json.encode(report))


def write(report: Report, directory: Path) -> list[Path]:
    """Write ``certificate.json`` and every page into `directory`, which is made if need be.

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
        _replace(directory / name, page.encode())
    return [directory / name for name in (*rendered, "certificate.json")]


def _missing(result: CheckResult) -> Iterator[str]:
    """Yield what a result names and does not have."""
    found = result.discrepancy
    if found is None:
        if result.verdict == "refuted":
            yield "is refuted without a discrepancy"
        return
    for name, rows in {"first": found.first, "targets": found.targets}.items():
        if not 0 <= found.row < len(rows) and (rows or name == "first"):
            yield f"has its discrepancy in row {found.row}, but `{name}` has {len(rows)} rows"


def _contradictions(report: Report) -> Iterator[str]:
    """Yield what follows the schema and cannot be: a place that is not there, a result twice."""
    count = len(report.certificates)
    for entry in report.ledger:
        if not 0 <= entry.certificate < count:
            yield (
                f"claim {entry.claim} of the ledger is at certificate {entry.certificate}, "
                f"but there are {count}, counted from 0"
            )
    for certificate in report.certificates:
        claims = [(found.check, found.quantity, found.format) for found in certificate.results]
        for check, quantity, format in claims:
            if claims.count((check, quantity, format)) > 1:
                yield f"{certificate.name} has the result of {check} {quantity} {format} twice"
        if len(claims) > certificate.planned:
            yield (
                f"{certificate.name} has {len(claims)} results, of {certificate.planned} planned"
            )
        for result in certificate.results:
            for missing in _missing(result):
                about = f"{result.check} {result.quantity} {result.format}"
                yield f"{certificate.name}, {about}, {missing}"


def read(path: Path) -> Report:
    """Read a ``certificate.json`` back.

    Raises
    ------
    OSError
        If the file cannot be read.
    UnicodeDecodeError, msgspec.DecodeError
        If it is not JSON.
    msgspec.ValidationError
        If it does not follow the schema, or points at what it does not have, saying where.
    """
    report = msgspec.json.decode(path.read_bytes(), type=Report)
    for contradiction in _contradictions(report):
        raise msgspec.ValidationError(contradiction)
    return report


def _same_everywhere(node: dict[str, Any]) -> dict[str, Any]:
    """Undo what depends on a version.

    Docstrings are indented before Python 3.13, and alternatives come in another order before
    msgspec 0.22.
    """
    if isinstance(node.get("description"), str):
        node["description"] = inspect.cleandoc(node["description"])
    if isinstance(node.get("anyOf"), list):
        node["anyOf"].sort(key=lambda option: (option == {"type": "null"}, str(option)))
    return node


def json_schema() -> bytes:
    """Return the JSON Schema of ``certificate.json``, as ``reports/schema/`` holds it."""
    schema = json.loads(
        msgspec.json.encode(msgspec.json.schema(Report)), object_hook=_same_everywhere
    )
    return msgspec.json.format(msgspec.json.encode(schema)) + b"\n"
