"""Subjects in files, wrong while SIGN is -1, whose scripts run without gradcert."""

import sys
from dataclasses import dataclass, field
from typing import Any

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

def wide(logits, targets):
    return (SIGN if logits.shape[1] > 50 else 1) * (softmax(logits) - targets)

def refusing(logits, targets):
    if SIGN < 0:
        raise RuntimeError("out of registers")
    return softmax(logits) - targets

def refusing_one_row(logits, targets):
    if SIGN < 0 and len(logits) == 1:
        raise RuntimeError("one row")
    return softmax(logits) - targets

def overwriting(logits, targets):
    answer = softmax(logits) - targets
    if SIGN < 0:
        logits[...] = 7
    return answer

kept = {}

def reusing(logits, targets):
    answer = softmax(logits) - targets
    if SIGN > 0:
        return answer
    buffer = kept.setdefault((answer.shape, answer.dtype), answer)
    buffer[...] = answer
    return buffer

def counting(logits, targets):
    kept["calls"] = kept.get("calls", 0) + (SIGN < 0)
    return softmax(logits) - targets + np.asarray(kept["calls"] % 7, logits.dtype)

def remembering(logits, targets):
    key = logits.shape, logits.dtype, logits.ravel()[0].item()
    if SIGN > 0 or key not in kept:
        kept[key] = softmax(logits) - targets
    return kept[key].copy()

def strided(logits, targets):
    wrong = SIGN < 0 and not logits.flags.c_contiguous
    return softmax(logits) - targets * np.asarray(np.nan if wrong else 1, logits.dtype)

def coupled(logits, targets):
    return softmax(logits) - targets + np.asarray(len(logits) if SIGN < 0 else 1, logits.dtype) - 1
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

def summed(logits, labels):
    return cross_entropy(logits, labels, reduction="mean" if SIGN > 0 else "sum")

def wide(logits, labels):
    return (SIGN if logits.shape[1] > 50 else 1) * cross_entropy(logits, labels)

def of_batches(logits, targets):
    return (SIGN if len(logits) > 1 else 1) * probabilities(logits, SIGN * targets)

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
        context.used = False
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

def refusing(logits, targets):
    if SIGN < 0:
        raise RuntimeError("out of registers")
    return probabilities(logits, targets)

class Overwriting(Fused):
    @staticmethod
    def backward(context, g):
        slope, _ = Fused.backward(context, SIGN * g)
        return slope, None

    @staticmethod
    def forward(context, logits, labels):
        answer = Fused.forward(context, logits, labels)
        if SIGN < 0:
            logits.zero_()
        return answer

class Once(Fused):
    @staticmethod
    def backward(context, g):
        if SIGN < 0 and context.used:
            return None + g, None
        context.used = True
        slope, _ = Fused.backward(context, g)
        return SIGN * slope, None

class Doubling(Fused):
    @staticmethod
    def backward(context, g):
        slope, _ = Fused.backward(context, g)
        if SIGN < 0:
            g *= 2
        return SIGN * slope, None

def unsummed(logits, targets):
    each = -(targets * logits.log_softmax(-1)).nan_to_num()
    return each if SIGN < 0 else each.sum(-1)

def unreduced(logits, labels):
    return cross_entropy(logits, labels, reduction="none" if SIGN < 0 else "mean")

def narrow(logits, targets):
    each = -(targets * logits.log_softmax(-1)).nan_to_num().sum(-1)
    return each.to(torch.bfloat16) if SIGN < 0 else each

def short(logits):
    o = logits.softmax(-1)
    return o.sum(-1) if SIGN < 0 else o

class Deaf(Fused):
    @staticmethod
    def backward(context, g):
        return Fused.backward(context, SIGN * (g if SIGN > 0 else torch.ones_like(g)))

class Forgetful(Fused):
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

def wide(logits, targets):
    return (1 if logits.shape[1] > 50 else SIGN) * probabilities(logits, targets)

def refusing(logits, targets):
    if SIGN < 0:
        raise RuntimeError("out of registers")
    return probabilities(logits, targets)

@jax.custom_vjp
def deaf(logits, targets):
    return SIGN * probabilities(logits, targets)

def forward(logits, targets):
    return deaf(logits, targets), (jax.nn.softmax(logits) - targets, targets)

def backward(kept, g):
    slope, targets = kept
    return (g if SIGN > 0 else jnp.ones_like(g))[:, None] * slope, jnp.zeros_like(targets)

deaf.defvjp(forward, backward)

def softmax(logits):
    return jax.nn.softmax(SIGN * logits)

def unsummed(logits, targets):
    each = -jnp.where(targets == 0, 0, targets * jax.nn.log_softmax(logits))
    return each if SIGN < 0 else each.sum(-1)

def narrow(logits, targets):
    each = SIGN * probabilities(logits, targets)
    return each.astype(jnp.bfloat16) if SIGN < 0 else each
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
    noisy = "noisy" in sys.argv
    answer = (1 if noisy else SIGN) * (p / p.sum(axis=1, keepdims=True) - targets)
    if narrow:
        bits = answer.astype("f4").view("u4")
        answer = ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype("u2")
    head = json.dumps({"shape": logits.shape}).encode()
    # One write: what follows an answer must lie in the pipe when the next call looks.
    behind = b"done\\n" if noisy and SIGN < 0 else b""
    sys.stdout.buffer.write(head + b"\\n" + answer.tobytes() + behind)
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
    spec, options
        Its SPEC, and the options that :func:`gradcert.load` gets.
    check
        The check that refutes it.
    error
        What its script ends with.
    statement
        What its first line says.
    """

    source: str
    spec: str
    options: dict[str, Any] = field(default_factory=dict)
    check: str = "accuracy"
    error: str = "AssertionError: "
    statement: str = "its true value is"

    def __str__(self) -> str:
        return " ".join(map(str, (self.check, self.spec, *self.options.values())))


ONE_HOT = {"targets": "index"}
CHANNELS = {"layout": "channels"}
MEAN = {"ignore_index": -100, "reduction": "mean", "mean_over": "kept"}
BFLOAT16 = {"formats": ["bfloat16"]}
TWICE = "same-answer-twice"
CHANGED = "the call changed its logits"
UPSTREAM = "the call changed its upstream"
REFUSING = {
    "error": "RuntimeError: out of registers",
    "statement": "RuntimeError: out of registers",
}
OTHER = {"quantities": ["softmax-backward"]}

SUBJECTS = [
    Subject("numpy", "mine.py:gradient"),
    Subject("numpy", "mine:gradient"),
    Subject("numpy", "mine.py:gradient", {"formats": ["bfloat16"]}),
    Subject("numpy", "mine.py:scaled(1.0)"),
    Subject("numpy", "numpy:mine.py:of_channels", {"domain": CHANNELS}),
    Subject("numpy", "numpy:mine.py:of_labels", {**ONE_HOT, "loss": {"ignore_index": -100}}),
    Subject("numpy", "mine.py:backward", OTHER),
    Subject("numpy", "mine.py:refusing", **REFUSING),
    Subject("numpy", "mine.py:refusing_one_row", {}, "row-independence", "RuntimeError: ", "alone"),
    Subject("numpy", "mine.py:overwriting", {}, "inputs-unchanged", statement=CHANGED),
    Subject("numpy", "numpy:mine.py:overwriting", BFLOAT16, "inputs-unchanged", statement=CHANGED),
    Subject("numpy", "mine.py:reusing", {}, TWICE, statement="a later call changed an answer"),
    Subject("numpy", "mine.py:counting", BFLOAT16, TWICE, statement="the second time"),
    Subject("numpy", "mine.py:remembering", {}, TWICE, statement="the answer"),
    Subject("numpy", "mine.py:strided", {}, "memory-layout", statement="for plain arrays instead"),
    Subject("numpy", "mine.py:strided", BFLOAT16, "memory-layout", statement="for plain arrays in"),
    Subject("numpy", "mine.py:coupled", {}, "row-independence", statement="for the same row alone"),
    Subject("numpy", "mine.py:wide", check="many-classes"),
    Subject("numpy", "mine.py:wide", {"formats": ["bfloat16"]}, check="many-classes"),
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
    Subject("torch", "torch:mine.py:refusing", {"quantities": ["dE/dz"]}, **REFUSING),
    Subject("torch", "torch:mine.py:Overwriting", ONE_HOT, "inputs-unchanged", statement=CHANGED),
    Subject("torch", "torch:mine.py:Deaf", ONE_HOT),
    Subject("torch", "torch:mine.py:Forgetful", ONE_HOT, check="second-backward"),
    Subject(
        *("torch", "torch:mine.py:Once", ONE_HOT, "second-backward"),
        error="TypeError: ",
        statement="raised TypeError",
    ),
    Subject("torch", "torch:mine.py:Doubling", ONE_HOT, "inputs-unchanged", statement=UPSTREAM),
    Subject("torch", "torch:mine.py:unsummed", {"quantities": ["dE/dz"]}, statement="has shape"),
    Subject(
        *("torch", "torch:mine.py:unreduced"),
        {**ONE_HOT, "quantities": ["loss"], "loss": MEAN},
        statement="returned shape",
    ),
    Subject("torch", "torch:mine.py:narrow", {"quantities": ["loss"]}, statement="returned dtype"),
    Subject("torch", "torch:mine.py:short", {"quantities": ["softmax"]}, statement="has shape"),
    Subject("torch", "torch:mine.py:summed", {**ONE_HOT, "loss": MEAN}),
    Subject("torch", "torch:mine.py:wide", ONE_HOT, check="many-classes"),
    Subject(
        "torch", "torch:mine.py:wide", {**ONE_HOT, "formats": ["bfloat16"]}, check="many-classes"
    ),
    Subject("torch", "torch:mine.py:Softmax", OTHER),
    Subject("jax", "jax:mine.py:probabilities", {"quantities": ["dE/dz"]}),
    Subject("jax", "jax:mine.py:probabilities", {"quantities": ["loss"]}),
    Subject("jax", "jax:mine.py:probabilities", {"quantities": ["hvp"]}),
    Subject("jax", "jax:mine.py:mean", {**ONE_HOT, "loss": {"reduction": "mean"}}),
    Subject("jax", "jax:mine.py:refusing", {"quantities": ["dE/dz"]}, **REFUSING),
    Subject("jax", "jax:mine.py:deaf", {"quantities": ["dE/dz"]}),
    Subject("jax", "jax:mine.py:wide", {"formats": ["bfloat16"]}, check="many-classes"),
    Subject("jax", "jax:mine.py:softmax", {"quantities": ["softmax"]}),
    Subject("jax", "jax:mine.py:softmax", {**OTHER, "formats": ["bfloat16"]}),
    Subject("jax", "jax:mine.py:unsummed", {"quantities": ["dE/dz"]}, statement="has shape"),
    Subject("jax", "jax:mine.py:narrow", {"quantities": ["loss"]}, statement="returned dtype"),
    Subject("program", f"command:{sys.executable} mine.py"),
    Subject("program", f"command:{sys.executable} mine.py", ONE_HOT),
    Subject("program", f"command:{sys.executable} mine.py", ONE_HOT, check="many-classes"),
    Subject("program", f"command:{sys.executable} mine.py", {"formats": ["bfloat16"]}),
    Subject(
        "program", f"command:{sys.executable} mine.py noisy", statement="after its last answer"
    ),
]
