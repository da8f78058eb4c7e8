"""What the tests of the command line run it with."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from gradcert_reports import Certificate

SCRIPT = Path(sys.executable).with_name("gradcert")
FEW = ("--quantity", "dE/dz", "--format", "binary64", "--max-examples", "5")
QUICK = (*FEW, "--jobs", "1")
"""In one process: each further one would first import for a second."""

SUBJECTS = """
import os
import time
import numpy as np

three = 3

def right(logits, targets):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True) - targets

def flipped(logits, targets):
    return -right(logits, targets)

def exits(logits, targets):
    raise SystemExit(0)

def signalled(logits, targets):
    if np.isnan(logits).any():
        os.kill(os.getpid(), int(os.environ["SIGNAL"]))
    return flipped(logits, targets)

def hangs(logits, targets):
    while np.isnan(logits).any():
        time.sleep(1)
    return right(logits, targets)

def raises(logits, targets):
    raise RuntimeError("out of registers")

def widens(logits, targets):
    import torch
    torch.set_default_dtype(torch.float64)
    return right(logits, targets)
"""
"""The source of a file of subjects."""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def run(command: list[str], folder: Path, columns: int = 200) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"COLUMNS": str(columns), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def squeezed(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.splitlines())


def without(library: str, *arguments: str) -> list[str]:
    code = f"import sys; sys.modules[{library!r}] = None; from gradcert.cli import main; main()"
    return [sys.executable, "-c", code, *arguments]


def timeless(certificate: Certificate) -> Certificate:
    provenance = msgspec.structs.replace(
        certificate.provenance, date="", duration=0.0, spent={}, took={}, command=""
    )
    return msgspec.structs.replace(certificate, provenance=provenance)
