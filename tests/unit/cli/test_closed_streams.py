"""A subject that closes or replaces the standard streams loses no table and changes no status."""

import subprocess
import sys
from pathlib import Path

import pytest

SUBJECT = """
import os
import sys

import numpy as np


def leaving(logits, targets):
    {leave}
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True) - targets
"""


@pytest.mark.parametrize(
    "leave",
    [
        "sys.stdout.close()",
        "sys.stderr.close()",
        "os.close(1)",
        "os.dup2(os.open(os.devnull, os.O_WRONLY), 1)",
        "sys.stdout = sys.stderr = None",
        "sys.stdin.close(); os.closerange(0, 3)",
    ],
)
def test_the_table_is_printed_after_a_call_closed_or_replaced_a_stream(
    leave: str, tmp_path: Path
) -> None:
    (tmp_path / "subject.py").write_text(SUBJECT.format(leave=leave))
    options = ["--quantity", "dE/dz", "--format", "binary64", "--max-examples", "2", "--quick"]
    command = "import sys; sys.argv[0] = 'gradcert'; from gradcert.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", command, "certify", "subject.py:leaving", *options],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "worst seen" in done.stdout
    assert "raised OSError" in done.stdout or "the call changed " in done.stdout
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
