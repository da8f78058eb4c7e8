"""Write what the commands of the READMEs print: ``make transcripts``.

A transcript is a block ``console``: commands after ``$``, each with the lines that it prints. They
run in a folder with the files that the page shows above them, and the lines are those of a terminal
of 80 columns. A line ``...`` stands for lines that are left out. A command without lines only has
to succeed.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("*/README.md"))]
WIDTH = 80

_BLOCK = re.compile(r"(?ms)^```(\w+)\n(.*?)^```$")
_FILE = re.compile(r"(?:#|//) ([\w.]+\.\w+)\n")
"""The first line of a block that is a file."""

_GAP = "..."


@dataclass(frozen=True)
class Command:
    """One command of a transcript.

    Attributes
    ----------
    text
        What is typed.
    shown
        The lines that the page shows.
    """

    text: str
    shown: tuple[str, ...]

    def run(self, folder: Path) -> tuple[int, list[str]]:
        """Run it as somebody types it, and return its status and the lines that it prints.

        Where none are shown, a certificate of little effort is enough.
        """
        quick = " --quick" if not self.shown and self.text.startswith("gradcert certify") else ""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", "-c", self.text + quick],
            check=False,
            cwd=folder,
            env=os.environ | {"COLUMNS": str(WIDTH), "PATH": path},
            stdout=subprocess.PIPE,
            text=True,
        )
        lines = "\n".join(line.rstrip() for line in done.stdout.splitlines())
        return done.returncode, lines.strip("\n").splitlines()


@dataclass(frozen=True)
class Transcript:
    """A block of commands.

    Attributes
    ----------
    commands
        The commands, in their order.
    files
        The contents of the files that the page shows above it, by name.
    place
        Where its lines begin and end in the page.
    """

    commands: tuple[Command, ...]
    files: dict[str, str]
    place: tuple[int, int]


def _commands(lines: str) -> Iterator[Command]:
    for part in re.split(r"(?m)^\$ ", lines)[1:]:
        # A backslash at the end of a line continues the command.
        text = re.match(r"(?:.*\\\n)*.*\n?", part)[0]
        yield Command(text.strip(), tuple(part[len(text) :].rstrip("\n").splitlines()))


def transcripts(page: str) -> list[Transcript]:
    """Return the transcripts of a page."""
    found, files = [], {}
    for block in _BLOCK.finditer(page):
        if named := _FILE.match(block[2]):
            files[named[1]] = block[2]
        if block[1] == "console":
            found.append(Transcript(tuple(_commands(block[2])), dict(files), block.span(2)))
    return found


def ran(transcript: Transcript, folder: Path) -> list[tuple[int, list[str]]]:
    """Run the commands in a folder, and return the status and the lines of each."""
    for name, content in transcript.files.items():
        (folder / name).write_text(content)
    return [command.run(folder) for command in transcript.commands]


def _segments(shown: tuple[str, ...]) -> list[list[str]]:
    """Return the lines between those that stand for others."""
    segments: list[list[str]] = [[]]
    for line in shown:
        if line.strip() == _GAP:
            segments.append([])
        else:
            segments[-1].append(line)
    return segments


def _key(line: str) -> str:
    return re.sub(r"\d[\d.e+-]*", "#", line)


def renewed(shown: tuple[str, ...], printed: list[str]) -> list[str]:
    """Return the lines to show: as many as before, from the start, from the end and in between.

    What stands between two gaps is found by its first line, whatever its numbers are.

    Raises
    ------
    LookupError
        If no such line is printed any more.
    """
    if not shown:
        return []
    first, *middle = _segments(shown)
    if not middle:
        return printed
    last = middle.pop()
    lines, place = printed[: len(first)], len(first)
    keys = [_key(line) for line in printed]
    for segment in middle:
        if _key(segment[0]) not in keys[place:]:
            raise LookupError(f"no line like {segment[0]!r} is printed: change the page by hand")
        place = keys.index(_key(segment[0]), place)
        lines += [_GAP, *printed[place : place + len(segment)]]
        place += len(segment)
    return [*lines, _GAP, *printed[len(printed) - len(last) :]]


def steady(lines: Iterable[str]) -> list[str]:
    """Return what is the same on every machine, without gaps.

    The worst case that a search finds in a right implementation depends on the processor and on the
    libraries. It stands in a table behind ``≥``, and in the lines below.
    """
    kept = [line.rstrip() for line in lines if line.strip() not in ("", _GAP)]
    if not any("≥" in line for line in kept):
        return kept
    rows = [line.partition("≥")[0] for line in kept if not line.startswith(" " * 17)]
    return [re.sub(r"([ ─])\1+", r"\1", row).rstrip() for row in rows]


def rewritten(page: str, folder: Path) -> str:
    """Return a page with what its commands print today."""
    for number, one in reversed([*enumerate(transcripts(page))]):
        place = folder / str(number)
        place.mkdir()
        parts = []
        for command, (_, printed) in zip(one.commands, ran(one, place), strict=True):
            parts += [f"$ {command.text}", *renewed(command.shown, printed)]
        begin, end = one.place
        page = page[:begin] + "\n".join([*parts, ""]) + page[end:]
    return page


if __name__ == "__main__":
    for page in PAGES:
        with tempfile.TemporaryDirectory() as name:
            page.write_text(rewritten(page.read_text(), Path(name)))
