"""What several tests of the command line need."""

from pathlib import Path

import pytest
from command_line import SCRIPT, SUBJECTS, Run, run


@pytest.fixture
def mine(tmp_path: Path) -> None:
    """Write ``mine.py``, a file of subjects, into the folder in which the command runs."""
    (tmp_path / "mine.py").write_text(SUBJECTS)


@pytest.fixture
def script(tmp_path: Path) -> Run:
    """Return a function that runs the installed script in a process of its own."""
    return lambda *arguments: run([str(SCRIPT), *arguments], tmp_path)
