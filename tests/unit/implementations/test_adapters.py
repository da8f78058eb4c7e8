"""From a loss or a function, as people write them, to an implementation."""

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import torch
from torch.nn import functional

import gradcert
from gradcert_implementations import (
    Given,
    Implementation,
    OptionValues,
    SpecError,
    load,
    reloading,
)
from gradcert_implementations.adapters.conventions import is_mean
from gradcert_implementations.adapters.jax_loss import from_jax
from gradcert_implementations.adapters.numpy_function import from_numpy
from gradcert_implementations.adapters.torch_loss import from_torch

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
        torch.nn.CrossEntropyLoss(reduction="none"),
        torch.nn.CrossEntropyLoss(reduction="sum"),
        FusedCrossEntropy,
    ],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, ml_dtypes.bfloat16])
def test_a_torch_loss_of_any_kind_and_reduction_gives_each_rows_own_gradient(
    loss: Any, dtype: Any
) -> None:
    assert _gradient(from_torch(loss, loss={"reduction": "none"}), dtype) == TRUE


@pytest.mark.parametrize("loss", [functional.cross_entropy, torch_rows])
def test_a_torch_loss_of_class_indices_is_called_with_them(loss: Any) -> None:
    assert _gradient(from_torch(loss, targets="index", loss={"reduction": "none"})) == TRUE


def test_a_module_that_says_that_it_is_a_mean_gives_the_gradient_of_the_mean() -> None:
    subject = from_torch(torch.nn.CrossEntropyLoss, targets="index")
    np.testing.assert_allclose(_gradient(subject), np.array(TRUE) / 3)
    assert subject.functions["loss"](ZEROS, EYE) == pytest.approx(np.log(2))


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
    assert _gradient(from_jax(loss, targets=targets, jit=jit)) == TRUE
    assert not jax.config.jax_enable_x64


def torch_columns(z: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    return torch_rows(z, t)[:, None]


def jax_rows(z: jax.Array, t: jax.Array) -> jax.Array:
    return -(t * jax.nn.log_softmax(z)).sum(-1)


def jax_sum(z: jax.Array, t: jax.Array) -> jax.Array:
    return jax_rows(z, t).sum()


class Trained(torch.nn.Module):
    """A loss with a parameter, so that its value has a gradient of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones((), dtype=torch.float64))

    def forward(self, z: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(self.scale * z, t)


FOUR = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [3.0, 0.0]])
OF_FOUR = np.log1p(np.exp(-FOUR[:, 0]))


@pytest.mark.parametrize("rows", [0, 1, 2, 4])
@pytest.mark.parametrize(
    "subject",
    [
        from_torch(functional.cross_entropy),
        from_torch(torch_sum),
        from_torch(torch_rows),
        from_torch(torch_columns),
        from_torch(torch.nn.CrossEntropyLoss, targets="index", loss={"reduction": "none"}),
        from_torch(Trained),
        from_jax(jax_mean),
        from_jax(jax_sum),
        from_jax(jax_sum, jit=False),
        from_jax(jax_rows),
        from_jax(jax_fused, jit=False),
        from_jax(jax_of_labels, targets="index"),
    ],
    ids=lambda subject: subject.name,
)
def test_the_value_of_each_row_is_its_own_whatever_the_loss_returns_for_a_batch(
    subject: Implementation, rows: int
) -> None:
    assert list(subject.functions) == ["loss", "dE/dz"]
    value = subject.functions["loss"](FOUR[:rows], np.eye(2)[[0] * rows])
    assert value.dtype == np.float64
    assert value.shape == (rows,)
    np.testing.assert_allclose(value, OF_FOUR[:rows], rtol=1e-14)


def torch_mean_in_binary32(z: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(z.float(), t.float())


def jax_rows_in_binary32(z: jax.Array, t: jax.Array) -> jax.Array:
    return jax_rows(z.astype(jnp.float32), t.astype(jnp.float32))


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize(
    "subject", [from_torch(torch_mean_in_binary32), from_jax(jax_rows_in_binary32)]
)
def test_a_loss_in_a_wider_format_than_its_logits_is_rounded_to_theirs(
    subject: Implementation, dtype: Any
) -> None:
    value = subject.functions["loss"](FOUR.astype(dtype), np.eye(2)[[0] * 4].astype(dtype))
    assert value.dtype == dtype
    assert value.tolist() == OF_FOUR.astype(np.float32).astype(dtype).tolist()


@pytest.mark.parametrize(
    "subject", [from_torch(torch_mean_in_binary32), from_jax(jax_rows_in_binary32)]
)
def test_a_loss_in_a_narrower_format_than_its_logits_is_broken(subject: Implementation) -> None:
    found = gradcert.certify(
        subject, quantities=["loss"], formats=["fp64"], max_examples=3, effort="quick"
    )
    assert found.verdict == "broken"
    (reason, *_) = (result.reason for result in found.results if result.verdict == "broken")
    assert reason == "returned dtype float32, expected float64"


class ValueOfNaN(torch.autograd.Function):
    """A right gradient beside a value that is NaN."""

    @staticmethod
    def forward(ctx: Any, z: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(z, t)
        return z.new_full((len(z),), float("nan"))

    @staticmethod
    def backward(ctx: Any, *upstream: torch.Tensor) -> tuple[torch.Tensor, None]:
        z, t = ctx.saved_tensors
        return upstream[0][:, None] * (z.softmax(-1) - t), None


@jax.custom_vjp
def jax_value_of_nan(z: jax.Array, t: jax.Array) -> jax.Array:
    return jax_rows(z, t) * jnp.nan


jax_value_of_nan.defvjp(
    lambda z, t: (jax_value_of_nan(z, t), (jax.nn.softmax(z), t)),
    lambda kept, upstream: (upstream[:, None] * (kept[0] - kept[1]), jnp.zeros_like(kept[1])),
)


@pytest.mark.parametrize("adapted", [(from_torch, ValueOfNaN), (from_jax, jax_value_of_nan)])
def test_a_loss_that_is_nan_beside_a_right_gradient_is_refuted(adapted: Any) -> None:
    adapt, loss = adapted
    found = gradcert.certify(adapt(loss, formats=["fp64"]), max_examples=3, effort="quick")
    assert {result.quantity for result in found.refutations} == {"loss"}
    shown = found.refutations[0].discrepancy
    assert shown is not None
    assert shown.statement.startswith("loss is nan; its true value is 0.69314718")


def test_a_loss_of_probabilities_and_a_loss_of_one_value_per_row_can_be_certified_too() -> None:
    by_probability = from_torch(
        lambda o, t: -(t * o.log()).sum(-1), quantities=["dE/do"]
    ).functions["dE/do"]
    assert by_probability(np.full((1, 2), 0.5), np.eye(2)[:1]).tolist() == [[-2, 0]]
    for value in (
        from_torch(torch_rows, quantities=["loss"]),
        from_jax(jax_fused, quantities=["loss"]),
    ):
        assert value.functions["loss"](ZEROS, EYE).tolist() == pytest.approx([np.log(2)] * 3)


def test_a_numpy_function_of_class_indices_is_called_with_them() -> None:
    def gradient(logits: Any, labels: Any) -> Any:
        assert labels.dtype == np.int64
        return np.full_like(logits, 0.5) - np.eye(2)[labels]

    assert _gradient(from_numpy(gradient, targets="index")) == TRUE


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: from_torch(lambda z, t: torch.softmax(z, -1) - t), "has shape (3, 2)"),
        (lambda: from_jax(lambda z, t: jax.nn.softmax(z) - t), "has shape (3, 2)"),
        (
            lambda: from_torch(lambda z, _: float(z.detach().sum())),
            "is of type float; expected a tensor",
        ),
    ],
)
def test_a_function_that_is_no_loss_says_what_it_returned(
    made: Callable[[], Any], message: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        _gradient(made())


def test_a_scalar_loss_that_is_neither_mean_nor_sum_is_broken_and_says_so() -> None:
    odd = from_torch(lambda z, t: functional.cross_entropy(z, t) * len(z) ** 2, targets="index")
    with pytest.raises(ValueError, match=r"for one row and .* for two equal rows; expected a mean"):
        _gradient(odd)
    assert (
        gradcert.certify(odd, formats=["binary64"], max_examples=5, effort="quick").verdict
        == "broken"
    )


@pytest.mark.parametrize("adapt", [from_torch, from_jax, from_numpy])
def test_an_adapter_takes_the_customary_names_of_a_format(adapt: Any) -> None:
    assert adapt(lambda z, _: z, formats=["half"]).formats == ("binary16",)


def test_a_numpy_function_takes_no_device() -> None:
    with pytest.raises(ValueError, match="jax_mean takes no device; a loss does: from_torch"):
        from_numpy(jax_mean, device="cuda")


@pytest.mark.parametrize("dtype", [np.float64, np.float16])
def test_a_mean_differs_from_a_sum_in_every_format(dtype: Any) -> None:
    def rows(z: Any, t: Any) -> Any:
        return (t * (np.log(np.exp(z).sum(-1, keepdims=True)) - z)).sum(-1)

    assert is_mean(lambda z, t: float(rows(z, t).mean()), np.dtype(dtype))
    assert not is_mean(lambda z, t: float(rows(z, t).sum()), np.dtype(dtype))


LOSSES = """
import torch, numpy
from torch.nn import functional
from gradcert_implementations.adapters.torch_loss import from_torch

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
    loaded = load(spec, targets="index", formats=["bf16"])
    assert (loaded.name, loaded.origin, loaded.library) == ("loss", spec, "torch")
    assert (loaded.domain.targets, loaded.formats) == ("index", ("bfloat16",))
    assert reloading(loaded) == {"targets": "index", "device": "cpu"}
    assert _gradient(load(spec, **reloading(loaded))) == TRUE


def test_a_loss_that_is_loaded_again_has_the_options_that_were_chosen_and_those_it_filled_in(
    losses: Path,
) -> None:
    spec = f"torch:{losses}:loss"
    options: OptionValues = {
        "targets": "index",
        "loss": {"label_smoothing": 0.1, "reduction": "mean"},
        "domain": {"layout": "sequence", "largest_logit": 50},
    }
    loaded = load(spec, **options)
    again = reloading(loaded)
    assert again["loss"] == options["loss"]
    assert again["domain"] == {"layout": "sequence"}
    assert load(spec, **again).loss == loaded.loss
    read = replace(loaded, filled_in=(Given("softcap", 30.0),))
    assert reloading(read)["loss"] == {
        "label_smoothing": 0.1,
        "softcap": None,
        "reduction": "mean",
    }


def test_the_snippet_of_a_refuted_loss_has_its_options(losses: Path, tmp_path: Path) -> None:
    found = gradcert.certify(
        f"torch:{losses}:flipped",
        quantities=["dE/dz"],
        formats=["binary64"],
        loss={"z_loss": 1e-4, "class_weights": [1.0, 1.0]},
        max_examples=5,
        effort="quick",
    )
    shown = found.leading[0].discrepancy
    assert shown is not None
    assert "loss={'class_weights': (1.0, 1.0), 'z_loss': 0.0001})" in shown.snippet
    command = [sys.executable, "-c", shown.snippet]
    subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)


def test_the_snippet_of_a_refuted_loss_shows_what_it_says(losses: Path, tmp_path: Path) -> None:
    found = gradcert.certify(
        f"torch:{losses}:flipped",
        targets="index",
        formats=["binary64"],
        max_examples=5,
        effort="quick",
    )
    diagnoses = {diagnosis.quantity: diagnosis for diagnosis in found.diagnoses}
    assert diagnoses["dE/dz"].matches[0].flaw == "sign-flipped"
    assert diagnoses["loss"].findings[0] == "the sign is flipped"
    printed = []
    for result in found.leading:
        assert result.discrepancy is not None
        snippet = result.discrepancy.snippet
        assert 'targets="index", device="cpu")' in snippet
        command = [sys.executable, "-c", snippet]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        printed.append(done.stdout)
    assert printed == ["[-0.69314718]\n", "[[ 0.5 -0.5]]\n"]


@pytest.mark.parametrize(
    ("spec", "options", "message"),
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
            "a loss gives loss or dE/dz or dE/do or hvp or dE/dt, a softmax gives softmax or "
            "softmax-backward, a log-softmax gives log-softmax or log-softmax-backward; not do/dz",
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
    losses: Path, spec: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SpecError) as caught:
        load(spec.format(losses), **options)
    assert message.format(losses) in str(caught.value)
    assert "\n" not in str(caught.value)
