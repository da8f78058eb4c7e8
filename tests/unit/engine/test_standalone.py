"""The script beside a discrepancy needs no gradcert: it fails on the wrong and passes on the right.

Each subject is certified from a file. Its script runs where gradcert cannot be imported, and again
after the file has been mended.
"""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from subjects import BY_ID

from gradcert.core.claim import claims_of
from gradcert.core.settings import SearchSettings
from gradcert.engine.check_runner import run_check
from gradcert.engine.record import result_of
from gradcert_implementations import load

WITHOUT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0].startswith("gradcert"):
            raise ImportError(f"{name} is not installed")

sys.meta_path.insert(0, Absent())
exec(compile(sys.stdin.read(), "script", "exec"), {"__name__": "__main__"})
"""
"""Runs a script from standard input where no module of gradcert can be imported."""

NUMPY = """
import numpy as np

def softmax(z, axis=-1):
    p = np.exp(z - z.max(axis=axis, keepdims=True))
    return p / p.sum(axis=axis, keepdims=True)

def gradient(logits, targets):
    return SIGN * (softmax(logits) - targets)

def of_channels(logits, targets):
    return SIGN * (softmax(logits, 1) - targets)

def of_labels(logits, labels, g):
    o = softmax(logits)
    o[np.arange(len(labels)), labels] -= 1
    o[labels == -100] = 0
    return SIGN * g[:, np.newaxis] * o

def backward(y, v):
    return SIGN * y * (v - (y * v).sum(axis=-1, keepdims=True))

def scaled(factor):
    return lambda logits, targets: factor * gradient(logits, targets)

def refusing(logits, targets):
    if SIGN < 0:
        raise RuntimeError("out of registers")
    return softmax(logits) - targets
"""

TORCH = """
import torch
from torch import nn
from torch.nn.functional import cross_entropy

def probabilities(logits, targets):
    return SIGN * -(targets * logits.log_softmax(-1)).nan_to_num().sum(-1)

def pair(logits, labels):
    return SIGN * cross_entropy(logits, labels, reduction="none"), None

def mean(logits, labels):
    return SIGN * cross_entropy(logits, labels)

class Smoothed(nn.Module):
    def __init__(self, reduction="mean"):
        super().__init__()
        self.label_smoothing, self.ignore_index, self.reduction = 0.1, -100, reduction

    def forward(self, logits, labels):
        return SIGN * cross_entropy(
            logits, labels, label_smoothing=0.1, ignore_index=-100, reduction=self.reduction
        )

smoothed = Smoothed()

class Fused(torch.autograd.Function):
    @staticmethod
    def forward(context, logits, labels):
        context.save_for_backward(logits.softmax(-1), labels)
        return cross_entropy(logits, labels, reduction="none")

    @staticmethod
    def backward(context, g):
        o, labels = context.saved_tensors
        return SIGN * g[:, None] * (o - nn.functional.one_hot(labels, o.shape[1])), None

class Softmax(torch.autograd.Function):
    @staticmethod
    def forward(context, logits):
        o = logits.softmax(-1)
        context.save_for_backward(o)
        return o

    @staticmethod
    def backward(context, v):
        (o,) = context.saved_tensors
        return SIGN * o * (v - (o * v).sum(-1, keepdim=True))

class Forgetful(Fused):
    calls = 0

    @staticmethod
    def backward(context, g):
        context.calls = getattr(context, "calls", 0) + 1
        slope, _ = Fused.backward(context, g)
        return (slope if context.calls == 1 or SIGN > 0 else -slope) * SIGN, None
"""

JAX = """
import jax
import jax.numpy as jnp

def probabilities(logits, targets):
    return SIGN * -jnp.where(targets == 0, 0, targets * jax.nn.log_softmax(logits)).sum(-1)

def mean(logits, labels):
    each = jax.nn.logsumexp(logits, -1) - jnp.take_along_axis(logits, labels[:, None], 1)[:, 0]
    return SIGN * each.mean()

def softmax(logits):
    return jax.nn.softmax(SIGN * logits)
"""

PROGRAM = """
import json
import sys
import numpy as np

DTYPES = {"binary64": "f8", "binary32": "f4", "binary16": "f2"}
while line := sys.stdin.buffer.readline():
    asked = json.loads(line)
    narrow = asked["format"] == "bfloat16"
    arrays = []
    for number, shape in enumerate(asked["shapes"]):
        labels = number == 1 and asked["targets"] == "index"
        dtype = np.dtype("i8" if labels else "u2" if narrow else DTYPES[asked["format"]])
        data = sys.stdin.buffer.read(int(np.prod(shape)) * dtype.itemsize)
        array = np.frombuffer(data, dtype).reshape(shape)
        if narrow and not labels:
            array = (array.astype("u4") << 16).view("f4")
        arrays.append(array)
    logits, targets = arrays
    if asked["targets"] == "index":
        targets = np.eye(logits.shape[1], dtype=logits.dtype)[targets]
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    answer = SIGN * (p / p.sum(axis=1, keepdims=True) - targets)
    if narrow:
        bits = answer.astype("f4").view("u4")
        answer = ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype("u2")
    head = json.dumps({"shape": logits.shape}).encode()
    sys.stdout.buffer.write(head + b"\\n" + answer.tobytes())
    sys.stdout.buffer.flush()
"""

SOURCES = {"numpy": NUMPY, "torch": TORCH, "jax": JAX, "program": PROGRAM}


@dataclass(frozen=True)
class Subject:
    """A subject in a file that is wrong while SIGN is -1, what it claims, and what ends a script.

    Attributes
    ----------
    source
        Which of the sources the file has.
    spec
        Its SPEC.
    """

    source: str
    spec: str
    options: dict[str, Any] = field(default_factory=dict)
    error: str = "AssertionError"

    def __str__(self) -> str:
        return f"{self.spec} {' '.join(map(str, self.options.values()))}"


ONE_HOT = {"targets": "index"}
CHANNELS = {"layout": "channels"}
MEAN = {"ignore_index": -100, "reduction": "mean", "mean_over": "kept"}
OTHER = {"quantities": ["softmax-backward"]}

SUBJECTS = [
    Subject("numpy", "mine.py:gradient"),
    Subject("numpy", "mine:gradient"),
    Subject("numpy", "mine.py:gradient", {"formats": ["bfloat16"]}),
    Subject("numpy", "mine.py:scaled(1.0)"),
    Subject("numpy", "numpy:mine.py:of_channels", {"domain": CHANNELS}),
    Subject("numpy", "numpy:mine.py:of_labels", {**ONE_HOT, "loss": {"ignore_index": -100}}),
    Subject("numpy", "mine.py:backward", OTHER),
    Subject("numpy", "mine.py:refusing", error="RuntimeError: out of registers"),
    Subject("torch", "torch:mine.py:probabilities", {"quantities": ["dE/dz"]}),
    Subject("torch", "torch:mine.py:probabilities", {"quantities": ["loss"]}),
    Subject("torch", "torch:mine.py:probabilities", {"quantities": ["hvp"]}),
    Subject("torch", "torch:mine.py:probabilities", {"quantities": ["dE/dt"]}),
    Subject("torch", "torch:mine.py:pair", {**ONE_HOT, "formats": ["bfloat16"]}),
    Subject("torch", "torch:mine.py:mean", ONE_HOT),
    Subject("torch", "torch:mine.py:mean", {**ONE_HOT, "loss": MEAN, "formats": ["binary16"]}),
    Subject("torch", "torch:mine.py:smoothed", ONE_HOT),
    Subject("torch", "torch:mine.py:Smoothed", ONE_HOT),
    Subject("torch", "torch:mine.py:Smoothed('sum')", ONE_HOT),
    Subject("torch", "torch:mine.py:Fused", ONE_HOT),
    Subject("torch", "torch:mine.py:Softmax", OTHER),
    Subject("jax", "jax:mine.py:probabilities", {"quantities": ["dE/dz"]}),
    Subject("jax", "jax:mine.py:probabilities", {"quantities": ["loss"]}),
    Subject("jax", "jax:mine.py:probabilities", {"quantities": ["hvp"]}),
    Subject("jax", "jax:mine.py:mean", {**ONE_HOT, "loss": {"reduction": "mean"}}),
    Subject("jax", "jax:mine.py:softmax", {"quantities": ["softmax"]}),
    Subject("jax", "jax:mine.py:softmax", {**OTHER, "formats": ["bfloat16"]}),
    Subject("program", f"command:{sys.executable} mine.py"),
    Subject("program", f"command:{sys.executable} mine.py", ONE_HOT),
    Subject("program", f"command:{sys.executable} mine.py", {"formats": ["bfloat16"]}),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder that is the current one, and whose modules are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("mine", None)


def _write(folder: Path, source: str, sign: int) -> None:
    (folder / "mine.py").write_text(SOURCES[source].replace("SIGN", f"({sign})"))


def _script(subject: Subject, check: str = "accuracy") -> str:
    """Return the script beside what one check finds in the last quantity that is claimed."""
    loaded = load(subject.spec, **{"formats": ["binary32"], **subject.options})
    *_, claim = claims_of(loaded)
    settings = SearchSettings(max_examples=20, seed=0)
    found = result_of(claim, BY_ID[check], run_check(claim, BY_ID[check], settings)).discrepancy
    assert found is not None
    return found.standalone


def _run(script: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-B", "-c", WITHOUT],
        input=script,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def _fails_until_mended(script: str, subject: Subject, folder: Path) -> None:
    wrong = _run(script, folder)
    assert wrong.returncode == 1, script
    assert wrong.stderr.splitlines()[-1].startswith(subject.error), wrong.stderr
    _write(folder, subject.source, 1)
    mended = _run(script, folder)
    assert mended.returncode == 0, f"{script}\n{mended.stderr}"


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_a_script_without_gradcert_fails_on_the_wrong_subject_and_passes_on_the_right_one(
    subject: Subject, folder: Path
) -> None:
    _write(folder, subject.source, -1)
    script = _script(subject)
    assert "gradcert" not in script
    assert len(script.splitlines()) < 30
    _fails_until_mended(script, subject, folder)
