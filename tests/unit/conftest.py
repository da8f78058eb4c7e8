"""``gradcert`` as its users meet it: its entry point, in a folder of its own."""

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from hypothesis import configuration
from typer.testing import CliRunner

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def gradcert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs the command in this process: a new one would first import for a second."""
    (installed,) = entry_points(group="console_scripts", name="gradcert")
    main = installed.load()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        with pytest.MonkeyPatch.context() as kept:
            kept.setattr("sys.path", [*sys.path])  # The folder of a subject is put there.
            try:
                done = CliRunner().invoke(main, arguments, catch_exceptions=False)
            finally:
                configuration.set_hypothesis_home_dir(None)
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)

    return run
