"""A hostile or unlucky situation as data: what happens, and what must come out."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from gradcert_reports import read

SUBJECT = """
import os, signal, sys, threading, time
import numpy as np

def right(logits, targets):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True) - targets

def flipped(logits, targets):
    return -right(logits, targets)

f = right
"""
"""What comes before the source of a fault: a right and a wrong gradient, and what it imports."""

FEW = "--quantity dE/dz --format binary64 --max-examples 5 --quick --jobs 1 --report out"
"""Few cases of one claim, and a report."""

_OLD = "an older report, which says that all conforms"
_PAGES = ("certificate.json", "index.html", "report.md", "junit.xml", "badge.svg")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A situation, and what must come out.

    Attributes
    ----------
    what
        The situation in words.
    source
        What follows :data:`SUBJECT` in ``kernel.py``, which has the subject ``f``.
    command
        A line for the shell, in which ``FEW`` stands for :data:`FEW`. An older report lies in the
        folder of the report.
    environment
        Variables that are set beside those of the tests.
    status
        The exit status that is wanted; that of a signal is negative.
    verdict
        The verdict in the report's ``certificate.json``; empty if there must be no report.
    says
        Pieces of what the command says, on either stream.
    silent_on
        Pieces that it must not say.
    """

    what: str
    source: str = ""
    command: str = "gradcert certify kernel.py:f FEW"
    environment: dict[str, str] = field(default_factory=dict)
    status: int
    verdict: str = ""
    says: tuple[str, ...] = ()
    silent_on: tuple[str, ...] = ("Traceback", "INTERNALERROR", "Exception ignored")

    def run(self, folder: Path) -> "subprocess.CompletedProcess[bytes]":
        """Run the command in a folder, and check what comes out."""
        (folder / "kernel.py").write_text(SUBJECT + self.source, errors="surrogateescape")
        (folder / "out").mkdir()
        for page in _PAGES:
            (folder / "out" / page).write_text(_OLD)
        scripts = str(Path(sys.executable).parent)
        variables = {
            "COLUMNS": "100",
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run(
            ["sh", "-c", f"exec {self.command.replace('FEW', FEW)}"],
            cwd=folder,
            env=os.environ | variables | self.environment,
            capture_output=True,
            check=False,
            timeout=120,
        )
        said = (done.stdout + done.stderr).decode(errors="replace")
        assert done.returncode == self.status, said
        for piece in self.says:
            assert piece in said, said
        for piece in self.silent_on:
            assert piece not in said, said
        self._check(folder / "out")
        return done

    def _check(self, report: Path) -> None:
        """Check that the report has the verdict, and nothing of the older one if it is used."""
        kept = report / "certificate.json"
        if self.verdict:
            assert {found.verdict for found in read(kept).certificates} == {self.verdict}
        elif "FEW" in self.command:
            assert not kept.is_file()
        if "FEW" in self.command and report.exists():
            assert not any(_OLD in page.read_text() for page in report.iterdir())
