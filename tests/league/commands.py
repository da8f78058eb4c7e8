"""Commands that the league runs, and the line that says why one failed."""

import os
import subprocess
from pathlib import Path
from textwrap import shorten

ROOT = Path(__file__).parents[2]

_LONGEST = 120
"""Characters that are quoted of a command that failed."""


def run(command: list[str | Path]) -> "subprocess.CompletedProcess[str]":
    """Run a command in the root of the repository, and return what it printed."""
    # One thread each, because several run side by side.
    environment = os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def last_line(done: "subprocess.CompletedProcess[str]") -> str:
    """Return the last line that a command printed, short enough for a cell of a table."""
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    said = lines[-1].replace("|", "/") if lines else f"exit status {done.returncode}"
    return shorten(said, _LONGEST, placeholder=" ...")
