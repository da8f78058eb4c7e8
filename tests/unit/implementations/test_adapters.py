"""From a loss or a function, as people write them, to an implementation."""

import re
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import torch
from torch.nn import functional

import gradcert
from gradcert_implementations import Implementation
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
