"""The command isolates its subjects, and an interrupt ends them."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from subjects import OF_GRADIENT

from gradcert_reports import read

SCRIPT = Path(sys.executable).with_name("gradcert")

Begun = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def begun(folder: Path) -> Iterator[Begun]:
    """Return a function that starts the command in the folder. The test ends what still runs."""
    running: list[subprocess.Popen[str]] = []

    def begin(*arguments: str) -> "subprocess.Popen[str]":
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [SCRIPT, *arguments], cwd=folder, stdout=pipe, stderr=pipe, text=True
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def _children(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []


def test_the_command_isolates_and_its_limits_are_options(begun: Begun, folder: Path) -> None:
    quick = ("--format", "binary64", "--max-examples", "5", "--quick", "--report", "out")
    process = begun("certify", "hostile.py:hangs", "--time-limit", "1", *quick)
    out, _ = process.communicate()
    assert process.returncode == 1
    assert "empty-batch finds dE/dz in binary64 broken: did not return within 1 s" in out, out
    (certificate,) = read(folder / "out" / "certificate.json").certificates
    assert certificate.complete


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_takes_its_subject_with_it_and_leaves_a_valid_report(
    begun: Begun, folder: Path, number: signal.Signals
) -> None:
    quick = ("--format", "binary64", "--max-examples", "5", "--quick", "--report", "out")
    process = begun("certify", "hostile.py:hangs", "--time-limit", "100", *quick)
    kept = folder / "out" / "certificate.json"

    def hanging() -> bool:
        (certificate,) = read(kept).certificates if kept.exists() else (None,)
        return certificate is not None and len(certificate.results) == OF_GRADIENT - 2

    while not hanging():
        assert process.poll() is None
        time.sleep(0.1)
    (child,) = _children(process.pid)
    process.send_signal(number)
    process.communicate()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(f"/proc/{child}").exists()
    (certificate,) = read(kept).certificates
    assert certificate.verdict == "incomplete"
