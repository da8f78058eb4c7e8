"""What a run of pytest writes down about a replaced function, and how it is read back.

The file has a JSON object on each line: one for each test, and one for each process at its end.
"""

from pathlib import Path

import msgspec

__all__ = ["RECORD", "ItemSeen", "ProcessSeen", "Seen", "add", "read_seen"]

RECORD = "GRADCERT_AUDIT_RECORD"
"""The environment variable that has the path of the file."""


class ItemSeen(msgspec.Struct, frozen=True, tag="test"):
    """What happened in one test.

    Attributes
    ----------
    test
        Its node id.
    failed
        Whether it failed, or its setup or teardown.
    calls
        How often it called the function, its setup and teardown included.
    gradients
        How many gradients of the function were computed.
    changed
        How many of them the mutant changed.
    failure
        Why the mutant could not be made, in one line; empty where it could.
    """

    test: str
    failed: bool
    calls: int
    gradients: int
    changed: int
    failure: str


class ProcessSeen(msgspec.Struct, frozen=True, tag="process"):
    """What happened in one process of a run of pytest, at its end.

    Attributes
    ----------
    problem
        Why the function could not be replaced, in one line; empty where it could.
    calls, gradients, changed
        As for a test, from the import of the first test on.
    held_by
        What took the function before it could be replaced, where it was never called.
    sources
        The digests of the project's files that were loaded, by their paths.
    """

    problem: str = ""
    calls: int = 0
    gradients: int = 0
    changed: int = 0
    held_by: tuple[str, ...] = ()
    sources: dict[str, str] = {}


Seen = ItemSeen | ProcessSeen


def add(seen: Seen, record: Path) -> None:
    """Write down what was seen. Several processes may do so at the same time."""
    line = msgspec.json.encode(seen) + b"\n"
    with record.open("ab", buffering=0) as file:
        file.write(line)


def read_seen(record: Path) -> list[Seen]:
    """Return what was written down, without a last line that was cut short.

    Raises
    ------
    msgspec.ValidationError, msgspec.DecodeError
        If a line was not written by :func:`add`.
    """
    if not record.exists():
        return []
    lines = record.read_bytes().split(b"\n")[:-1]
    return [msgspec.json.decode(line, type=Seen) for line in lines]
