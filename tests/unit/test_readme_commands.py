"""The commands that the README shows run as they are written, beside files that stand for a user's.

They are made cheap: a command gets options that try little, in front of its own. The commands of
transcripts are tested in ``test_transcripts.py``.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text()

COMMANDS = [
    command
    for command in re.findall(r"(?m)^    ((?:gradcert|pytest) .*)$", README)
    if "candidate.py" not in command
]
"""All that are indented. ``test_readme.py`` runs the recipe for programs, which takes its time."""

CHEAP = {
    "gradcert certify": "--quick --max-examples 2",
    "gradcert audit pytest": "--mutant zero --mutant sign-flipped",
    "pytest": "-p no:cacheprovider --gradcert-quick --gradcert-max-examples 2",
}
"""What is added behind the name of a command."""

PROGRAM = f"""#!{sys.executable}
import json, sys
import numpy as np

read, write = sys.stdin.buffer, sys.stdout.buffer
while line := read.readline():
    asked = json.loads(line)
    shapes = asked["shapes"]
    z, t = (
        np.frombuffer(read.read(4 * int(np.prod(shape))), np.float32).reshape(shape)
        for shape in shapes
    )
    p = np.exp(z - z.max(axis=1, keepdims=True))
    answer = p / p.sum(axis=1, keepdims=True) - t
    write.write(json.dumps({{"shape": answer.shape}}).encode() + b"\\n" + answer.tobytes())
    write.flush()
"""

FILES = {
    "my_kernels/__init__.py": "",
    "my_kernels/ce.py": """
import torch

def fused_cross_entropy(logits, labels):
    return torch.nn.functional.cross_entropy(logits, labels, reduction="none")
""",
    "tests/test_ce.py": """
import torch
from my_kernels.ce import fused_cross_entropy

def test_ce():
    logits = torch.tensor([[0.0, 1.0]], requires_grad=True)
    fused_cross_entropy(logits, torch.tensor([0])).sum().backward()
    want = torch.softmax(logits.detach(), 1) - torch.tensor([[1.0, 0.0]])
    torch.testing.assert_close(logits.grad, want)
""",
    "my_losses.py": """
import jax

def cross_entropy(logits, targets):
    lse = jax.nn.logsumexp(logits, axis=-1)
    shares = jax.numpy.where(targets == 0, 0, targets * (lse[:, None] - logits))
    return shares.sum(-1) + 1e-4 * lse**2
""",
    "my_kernel": PROGRAM,
    "kernel.c": """
#include <math.h>

void gradient(const float *logits, const float *targets, float *answer, long rows, long classes) {
    for (; rows--; logits += classes, targets += classes, answer += classes) {
        float largest = -INFINITY, total = 0;
        for (long j = 0; j < classes; j++) largest = fmaxf(largest, logits[j]);
        for (long j = 0; j < classes; j++) total += answer[j] = expf(logits[j] - largest);
        for (long j = 0; j < classes; j++) answer[j] = answer[j] / total - targets[j];
    }
}
""",
}
"""What a user has, with the names that the README gives them."""


def _prepare(folder: Path) -> None:
    """Write the files of the README, and those that it only names."""
    for block in re.findall(r"(?s)```python\n(# (\S+\.py)\n.*?)```", README):
        (folder / block[1]).write_text(block[0])
    for name, content in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)
    (folder / "my_kernel").chmod(0o755)


def cheap(command: str) -> str:
    """Return a command with the options that make it cheap, and without a GPU if there is none."""
    (name,) = (name for name in CHEAP if command.startswith(f"{name} "))
    if shutil.which("nvidia-smi") is None:
        command = command.replace(" --device cuda", "")
    one_format = name == "gradcert certify" and "--format" not in command
    return f"{name} {CHEAP[name]}{' --format fp32' * one_format}{command.removeprefix(name)}"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_runs_as_it_is_written(command: str, tmp_path: Path) -> None:
    _prepare(tmp_path)
    if "through_c" in command:
        if shutil.which("gcc") is None:
            pytest.skip("there is no gcc here")
        build = ["gcc", "-shared", "-fPIC", "-o", "kernel.so", "kernel.c", "-lm"]
        subprocess.run(build, cwd=tmp_path, check=True)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", cheap(command)],
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PATH": path, "COLUMNS": "80"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_readme_shows_commands_for_every_way_to_plug_in() -> None:
    for way in ("torch:my", "torch:torch.nn", "jax:", "command:", "--quantity", "audit pytest"):
        assert any(way in command for command in COMMANDS), way
