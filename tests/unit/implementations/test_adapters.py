"""From losses, functions and programs, as people write them, to implementations."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import torch
from torch.nn import functional

import gradcert
from gradcert.cases import Broken, Claim, NotSupported
from gradcert_implementations import Implementation, SpecError, load, plugged_in, reloading
from gradcert_implementations.adapters.conventions import is_mean
from gradcert_oracle import BINARY64

ZEROS, EYE = np.zeros((3, 2)), np.eye(2)[[0, 1, 1]]
TRUE = [[-0.5, 0.5], [0.5, -0.5], [0.5, -0.5]]


def _gradient(subject: Implementation, dtype: Any = np.float64) -> Any:
    answer = subject.functions["dE/dz"](ZEROS.astype(dtype), EYE.astype(dtype))
    assert answer.dtype == dtype
    return answer.tolist()


class FusedCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, z: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(z, t)
        return -(t * z.log_softmax(-1)).sum(-1)

    @staticmethod
    def backward(ctx: Any, *upstream: torch.Tensor) -> tuple[torch.Tensor, None]:
        z, t = ctx.saved_tensors
        return upstream[0][:, None] * (z.softmax(-1) - t), None


def torch_rows(z: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(z, t, reduction="none")


def torch_sum(z: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(z, t, reduction="sum")


@pytest.mark.parametrize(
    "loss",
    [
        functional.cross_entropy,
        torch_rows,
        torch_sum,
        torch.nn.CrossEntropyLoss,
        torch.nn.CrossEntropyLoss(reduction="sum"),
        FusedCrossEntropy,
    ],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, ml_dtypes.bfloat16])
def test_a_torch_loss_of_any_kind_and_reduction_gives_each_rows_own_gradient(
    loss: Any, dtype: Any
) -> None:
    assert _gradient(gradcert.from_torch(loss), dtype) == TRUE


@pytest.mark.parametrize("loss", [functional.cross_entropy, torch.nn.CrossEntropyLoss, torch_rows])
def test_a_torch_loss_of_class_indices_is_called_with_them(loss: Any) -> None:
    assert _gradient(gradcert.from_torch(loss, targets="index")) == TRUE


@jax.custom_vjp
def jax_fused(z: jax.Array, t: jax.Array) -> jax.Array:
    return -(t * jax.nn.log_softmax(z)).sum(-1)


jax_fused.defvjp(
    lambda z, t: (jax_fused(z, t), (jax.nn.softmax(z), t)),
    lambda kept, upstream: (upstream[:, None] * (kept[0] - kept[1]), jnp.zeros_like(kept[1])),
)


def jax_mean(z: jax.Array, t: jax.Array) -> jax.Array:
    return -(t * jax.nn.log_softmax(z)).sum(-1).mean()


def jax_of_labels(z: jax.Array, labels: jax.Array) -> jax.Array:
    return -jax.nn.log_softmax(z)[jnp.arange(len(labels)), labels].sum()


@pytest.mark.parametrize("jit", [True, False])
@pytest.mark.parametrize(
    ("loss", "targets"),
    [(jax_fused, "probability"), (jax_mean, "probability"), (jax_of_labels, "index")],
)
def test_a_jax_loss_of_any_kind_gives_each_rows_own_gradient(
    loss: Any, targets: str, jit: bool
) -> None:
    assert _gradient(gradcert.from_jax(loss, targets=targets, jit=jit)) == TRUE
    assert not jax.config.jax_enable_x64


def test_a_loss_of_probabilities_and_a_loss_of_one_value_a_row_can_be_certified_too() -> None:
    by_probability = gradcert.from_torch(
        lambda o, t: -(t * o.log()).sum(-1), quantities=["dE/do"]
    ).functions["dE/do"]
    assert by_probability(np.full((1, 2), 0.5), np.eye(2)[:1]).tolist() == [[-2, 0]]
    for value in (
        gradcert.from_torch(torch_rows, quantities=["loss"]),
        gradcert.from_jax(jax_fused, quantities=["loss"]),
    ):
        assert value.functions["loss"](ZEROS, EYE).tolist() == pytest.approx([np.log(2)] * 3)


def test_a_numpy_function_of_class_indices_is_called_with_them() -> None:
    def gradient(logits: Any, labels: Any) -> Any:
        assert labels.dtype == np.int64
        return np.full_like(logits, 0.5) - np.eye(2)[labels]

    assert _gradient(gradcert.from_numpy(gradient, targets="index")) == TRUE


def test_a_scalar_loss_that_is_neither_mean_nor_sum_is_broken_and_says_so() -> None:
    odd = gradcert.from_torch(lambda z, t: functional.cross_entropy(z, t) * len(z) ** 2)
    found = gradcert.certify(odd, formats=["binary64"], max_examples=5)
    assert found.verdict == "broken"
    reasons = {result.reason for result in found.results if result.verdict == "broken"}
    assert any("for one row and" in reason and "two equal rows" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda: gradcert.from_torch(lambda z, t: torch.softmax(z, -1) - t), "has shape (3, 2)"),
        (lambda: gradcert.from_jax(lambda z, t: jax.nn.softmax(z) - t), "has shape (3, 2)"),
        (
            lambda: gradcert.from_torch(lambda z, _: float(z.detach().sum())),
            "is of type float; expected a tensor",
        ),
    ],
)
def test_what_is_no_loss_says_what_it_is(made: Callable[[], Any], told: str) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(told)):
        _gradient(made())


@pytest.mark.parametrize("dtype", [np.float64, np.float16])
def test_a_mean_is_told_from_a_sum_in_every_format(dtype: Any) -> None:
    def rows(z: Any, t: Any) -> Any:
        return (t * (np.log(np.exp(z).sum(-1, keepdims=True)) - z)).sum(-1)

    assert is_mean(lambda z, t: float(rows(z, t).mean()), np.dtype(dtype))
    assert not is_mean(lambda z, t: float(rows(z, t).sum()), np.dtype(dtype))


LOSSES = """
import torch, numpy
from torch.nn import functional
from gradcert import from_torch

def loss(z, t):
    return functional.cross_entropy(z, t)

def flipped(z, t):
    return -functional.cross_entropy(z, t)

class Scaled(torch.nn.Module):
    def __init__(self, scale):
        super().__init__()

made = from_torch(loss)
three = 3
"""


@pytest.fixture
def losses(tmp_path: Path) -> Path:
    path = tmp_path / "losses.py"
    path.write_text(LOSSES)
    return path


def test_a_spec_names_the_adapter_and_the_object_and_can_be_loaded_again(losses: Path) -> None:
    spec = f"torch:{losses}:loss"
    loaded = load(spec, targets="index", formats=["bfloat16"])
    assert (loaded.name, loaded.origin, loaded.library) == ("loss", spec, "torch")
    assert (loaded.targets, loaded.formats) == ("index", ("bfloat16",))
    assert reloading(loaded) == {"targets": "index", "device": "cpu"}
    assert _gradient(load(spec, **reloading(loaded))) == TRUE


def test_the_snippet_of_a_refuted_loss_shows_what_it_says(losses: Path, tmp_path: Path) -> None:
    found = gradcert.certify(
        f"torch:{losses}:flipped", targets="index", formats=["binary64"], max_examples=5
    )
    (diagnosis,) = found.diagnoses
    assert diagnosis.matches[0].flaw == "sign-flipped"
    shown = found.refutations[0].discrepancy
    assert shown is not None
    assert 'targets="index", device="cpu")' in shown.snippet
    command = [sys.executable, "-c", shown.snippet]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "[[ 0.5 -0.5]]\n"


@pytest.mark.parametrize(
    ("spec", "options", "told"),
    [
        ("torch:{}:three", {}, "is of type int; expected"),
        ("torch:{}:made", {}, "is an Implementation, which needs no adapter: write {}:made"),
        ("torch:{}:Scaled", {}, "the module cannot be made (Scaled.__init__() missing 1 required"),
        ("torch:{}", {}, "names no function: write torch:{}:name"),
        ("torch:softmax", {}, "write torch:path/to/file.py:name or torch:package.module:name"),
        ("torch:{}:loss", {"device": "abacus"}, "the device 'abacus' cannot be used"),
        (
            "torch:{}:loss",
            {"quantities": ["do/dz"]},
            "a loss gives dE/dz or dE/do or loss, not 'do/dz'",
        ),
        ("torch:{}:loss", {"targets": "some"}, "unknown target domain 'some'"),
        ("jax:{}:loss", {"device": "abacus"}, "the device 'abacus' cannot be used"),
        ("numpy:{}:loss", {"device": "cpu"}, "takes no device"),
        ("numpy", {"device": "cpu"}, "takes no device"),
        ("command:", {}, "no program is named"),
        ("command:./missing --fast", {}, "there is no program './missing' that can be run"),
        ("command:'./open", {}, "No closing quotation"),
    ],
)
def test_a_spec_that_cannot_be_adapted_says_why_in_one_line(
    losses: Path, spec: str, options: dict[str, Any], told: str
) -> None:
    with pytest.raises(SpecError) as caught:
        load(spec.format(losses), **options)
    assert told.format(losses) in str(caught.value)
    assert "\n" not in str(caught.value)


PROGRAM = """
    import json, os, sys, time
    import numpy as np
    read, write = sys.stdin.buffer, sys.stdout.buffer
    dtypes = {"binary64": np.float64, "binary32": np.float32}
    while line := read.readline():
        asked = json.loads(line)
        arrays = []
        for place, shape in enumerate(asked["shapes"]):
            index = place == 1 and asked["targets"] == "index"
            dtype = np.dtype(np.int64 if index else dtypes[asked["format"]])
            count = int(np.prod(shape))
            arrays.append(np.frombuffer(read.read(count * dtype.itemsize), dtype).reshape(shape))
        z = arrays[0]
        o = np.exp(z - z.max(axis=1, keepdims=True))
        o /= o.sum(axis=1, keepdims=True)
        if asked["quantity"] == "softmax":
            answer = o
        else:
            t = np.eye(z.shape[1])[arrays[1]] if asked["targets"] == "index" else arrays[1]
            answer = (o - t).astype(z.dtype)
        BEFORE
        write.write(json.dumps({"shape": answer.shape}).encode() + b"\\n" + answer.tobytes())
        write.flush()
"""


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], str]:
    """Write a program that does something before it answers, and return its SPEC."""

    def written(before: str = "pass") -> str:
        path = tmp_path / "kernel.py"
        path.write_text(dedent(PROGRAM).replace("BEFORE", before))
        return f"command:{sys.executable} {path}"

    return written


def test_a_program_is_certified_in_what_it_claims(program: Callable[[str], str]) -> None:
    spec = program("pass")
    found = gradcert.certify(spec, quantities=["softmax", "dE/dz"], targets="index", max_examples=5)
    assert (found.verdict, found.level) == ("conforms", "shifted")
    assert found.quantities == ("softmax", "dE/dz")
    assert found.formats == ("binary64", "binary32")


@pytest.mark.parametrize(
    ("before", "verdict", "told"),
    [
        ("os._exit(3)", "broken", "the program ended with exit status 3"),
        ("os.kill(os.getpid(), 11)", "broken", "the program ended with Segmentation fault"),
        ("sys.exit('out of registers')", "broken", "it said: out of registers"),
        ("print('debug', flush=True)", "broken", "it answered b'debug'; expected a line like"),
        ("print(3, flush=True)", "broken", "it answered b'3'"),
        ("print('[' * 60000, flush=True)", "broken", "it answered b'[[["),
        (
            """print('{"shape": [9999, 9999, 9999]}', flush=True)""",
            "broken",
            'it answered b\'{"shape": [9999',
        ),
        (
            """print('{"shape": [0, 1' + '0' * 30 + ']}', flush=True)""",
            "broken",
            'it answered b\'{"shape": [0, 1000',
        ),
        ("""print('{"shape": [1e999, 2]}', flush=True)""", "broken", "[1e999, 2]"),
        ("""print('{"shape": [-1, 2]}', flush=True)""", "broken", "[-1, 2]"),
        ("""print('{"shape": [true, 2]}', flush=True)""", "broken", "[true, 2]"),
        ("""print('{"shape": "12"}', flush=True)""", "broken", "it answered"),
        ("answer = answer.ravel()", "broken", "returned shape (2,), expected (1, 2)"),
        ("""print('{"error": "no GPU"}', flush=True); continue""", "broken", "reports: no GPU"),
        (
            """print('{"unsupported": "not yet"}', flush=True); continue""",
            "not supported",
            "not yet",
        ),
        ("write.write(b'{\"shape\": [1, 2]}\\n1234'); sys.exit()", "broken", "sent 4 of the 16"),
        (
            "said = json.dumps({'shape': answer.shape}).encode() + b'\\n' + answer.tobytes(); "
            "os.write(1, said + said); continue",
            "broken",
            "after its last answer",
        ),
    ],
)
def test_a_program_that_does_not_answer_has_a_verdict_that_says_how(
    program: Callable[[str], str], before: str, verdict: str, told: str
) -> None:
    claim = Claim(load(program(before)), "dE/dz", BINARY64)
    row = np.array([[1.0, 0.0]])
    with pytest.raises(Broken if verdict == "broken" else NotSupported) as raised:
        list(map(claim.answer, [row, row], [row, row]))
    assert told in str(raised.value)
    assert str(raised.value).isprintable()


def test_one_process_serves_many_cases_and_is_started_again_when_it_died(
    program: Callable[[str], str], tmp_path: Path
) -> None:
    note = f"open({str(tmp_path / 'seen')!r}, 'a').write(f'{{os.getpid()}} ')"
    dies = "(z.shape == (2, 2) and os._exit(1))"
    asked = load(program(f"{note}; {dies}")).functions["dE/dz"]
    for rows in (1, 3, 1):
        asked(np.zeros((rows, 2)), np.ones((rows, 2)))
    with pytest.raises(RuntimeError, match="exit status 1"):
        asked(np.zeros((2, 2)), np.ones((2, 2)))
    asked(np.zeros((1, 2)), np.ones((1, 2)))
    first, second, third, fourth, fifth = (tmp_path / "seen").read_text().split()
    assert first == second == third == fourth != fifth


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a distribution with entry points on the path."""
    (tmp_path / "theirs.py").write_text("def gradient(z, t): return z - t\n")
    about = tmp_path / "theirs-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[gradcert.implementations]\n"
        "theirs = theirs:gradient\nnumpy = theirs:gradient\nbroken = theirs:missing\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    plugged_in.cache_clear()


@pytest.mark.usefixtures("installed")
def test_an_entry_point_is_selectable_by_name_but_never_in_place_of_a_built_in() -> None:
    loaded = load("theirs")
    plugged_in_names = set(plugged_in())
    plugged_in.cache_clear()
    assert (loaded.name, loaded.origin) == ("gradient", "theirs")
    assert plugged_in_names == {"theirs", "broken"}
    assert load("numpy").library == "numpy"


@pytest.mark.usefixtures("installed")
def test_an_entry_point_that_does_not_import_says_so_in_one_line() -> None:
    with pytest.raises(SpecError, match=r"^'broken' does not import: AttributeError: .*$"):
        load("broken")
    plugged_in.cache_clear()
