"""``gradcert audit pytest`` on a project of torch or of jax."""

from pathlib import Path

import pytest
from audited import audit_in, names_of
from command_line import Run

from gradcert_reports.audits.tests_records import Fate

TORCH = {
    "kernels.py": """
import torch
from torch.nn.functional import cross_entropy, one_hot

class Fused(torch.autograd.Function):
    @staticmethod
    def forward(ctx, logits, labels):
        ctx.save_for_backward(logits, labels)
        return cross_entropy(logits, labels)

    @staticmethod
    def backward(ctx, upstream):
        logits, labels = ctx.saved_tensors
        slope = (logits.softmax(-1) - one_hot(labels, logits.shape[-1])) / len(labels)
        return upstream * slope, None

class Loss(torch.nn.Module):
    def forward(self, logits, labels):
        return fused(logits, labels)

fused = Fused.apply
""",
    "test_kernels.py": """
import pytest
import torch
from kernels import Fused, Loss, fused

@pytest.mark.parametrize("loss", [fused, Fused.apply, Loss()])
def test_backward(loss):
    labels = torch.arange(4) % 3
    found = []
    for one in (torch.nn.functional.cross_entropy, loss):
        logits = torch.linspace(-1, 1, 12).reshape(4, 3).requires_grad_()
        one(logits, labels).backward()
        found.append(logits.grad)
    assert torch.allclose(*found, atol=0.05)
""",
}

JAX = {
    "kernels.py": """
import jax
import jax.numpy as jnp

@jax.custom_vjp
def fused(logits, labels):
    rows = jax.nn.logsumexp(logits, -1)
    return (rows - jnp.take_along_axis(logits, labels[:, None], -1)[:, 0]).mean()

def forward(logits, labels):
    return fused(logits, labels), (logits, labels)

def backward(kept, upstream):
    logits, labels = kept
    slope = jax.nn.softmax(logits) - jax.nn.one_hot(labels, logits.shape[-1])
    return upstream * slope / len(labels), None

fused.defvjp(forward, backward)
""",
    "test_kernels.py": """
import jax
import jax.numpy as jnp
import pytest
from kernels import fused

slopes = {"jit": jax.jit(jax.grad(fused)), "eager": jax.grad(fused)}

@pytest.mark.parametrize("name", slopes)
def test_backward(name):
    logits, labels = jnp.linspace(-1, 1, 12).reshape(4, 3), jnp.arange(4) % 3
    want = jax.nn.softmax(logits) / 4 - jax.nn.one_hot(labels, 3) / 4
    assert jnp.allclose(slopes[name](logits, labels), want, atol=0.05)
""",
}


@pytest.mark.parametrize(
    ("library", "sources", "target"),
    [("torch", TORCH, "kernels:Fused.apply"), ("jax", JAX, "kernels:fused")],
)
def test_a_project_of_torch_or_jax_is_audited(
    gradcert: Run, tmp_path: Path, library: str, sources: dict[str, str], target: str
) -> None:
    pytest.importorskip(library)
    for name, source in sources.items():
        (tmp_path / name).write_text(source)
    chosen = ("--mutant", "times-1.04", "--mutant", "softmax-dropped", "--jobs", "2")
    report = ("--report", "out", "--replace", target, "--", "test_kernels.py")
    done = gradcert("audit", "pytest", *chosen, *report)
    assert done.returncode == 0, done.stderr
    audit = audit_in(tmp_path / "out")
    assert names_of(audit, Fate.SURVIVED) == ["times-1.04"]
    assert names_of(audit, Fate.KILLED) == ["softmax-dropped"]
    assert all(test.gradients for test in audit.tests)
    assert audit.of(Fate.SURVIVED)[0].passed == tuple(test.name for test in audit.tests)
