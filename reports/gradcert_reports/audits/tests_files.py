"""An audit of tests on disk: its pages, and what a later run of the command goes on from."""

from pathlib import Path

import msgspec

from gradcert_reports.atomic import remove, write_atomically
from gradcert_reports.audits.tests_markdown import tests_markdown
from gradcert_reports.audits.tests_records import AuditOfTests, Outcome
from gradcert_reports.files import prepare

__all__ = [
    "add_outcome",
    "begin_outcomes",
    "clear_tests_audit",
    "read_outcomes",
    "write_tests_audit",
]

_OUTCOMES = "outcomes.jsonl"
_FILES = ("report.md", "audit.json")


class _Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line of the file: a digest of all that the outcomes depend on."""

    key: str


def read_outcomes(directory: Path, key: str) -> list[Outcome]:
    """Return the outcomes of an earlier run of the same command.

    A last line that was cut short does not count. There are none if anything differs, and if the
    file is not ours.
    """
    path = directory / _OUTCOMES
    if not path.exists():
        return []
    first, *lines = path.read_bytes().split(b"\n")[:-1] or [b""]
    try:
        if msgspec.json.decode(first, type=_Key).key != key:
            return []
        return [msgspec.json.decode(line, type=Outcome) for line in lines]
    except ValueError:
        return []


def clear_tests_audit(directory: Path) -> None:
    """Remove the pages of an earlier audit. What its runs found stays, for the next one.

    Raises
    ------
    OSError
        If a file cannot be removed.
    """
    remove(directory, _FILES)


def begin_outcomes(directory: Path, key: str, outcomes: list[Outcome]) -> None:
    """Write the outcomes that are known at the start of a run.

    Raises
    ------
    OSError
        If the directory cannot be written to.
    """
    prepare(directory)
    lines = [msgspec.json.encode(one) + b"\n" for one in (_Key(key), *outcomes)]
    write_atomically(directory / _OUTCOMES, b"".join(lines))


def add_outcome(directory: Path, outcome: Outcome) -> None:
    """Add an outcome to the file.

    Raises
    ------
    OSError
        If it cannot be written to.
    """
    with (directory / _OUTCOMES).open("ab") as file:
        file.write(msgspec.json.encode(outcome) + b"\n")


def write_tests_audit(audit: AuditOfTests, directory: Path) -> list[Path]:
    """Write ``report.md`` and ``audit.json``, and return their paths.

    Raises
    ------
    OSError
        If the directory cannot be written to.
    """
    page, data = (directory / name for name in _FILES)
    write_atomically(page, tests_markdown(audit).encode())
    write_atomically(data, msgspec.json.encode(audit))
    return [page, data]
