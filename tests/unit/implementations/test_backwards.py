"""Users' own functions state what stands beside the loss: values of softmax, and its backward."""

import re
from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from users_functions import LOG_SOFTMAX, SOFTMAX, Attention, O, V, Z, assert_right, certified

from gradcert_implementations import Implementation, load
from gradcert_implementations.adapters.jax_loss import from_jax
from gradcert_implementations.adapters.torch_loss import from_torch


class Diagonal(Attention):
    """The diagonal of the Jacobian only."""

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> Tensor:
        (o,) = ctx.saved_tensors
        return o * (1 - o) * upstream[0]


def torch_softmax(z: Tensor) -> Tensor:
    return torch.softmax(z, dim=-1)


def torch_log_softmax(z: Tensor) -> Tensor:
    return functional.log_softmax(z, dim=-1)


def with_its_sum(z: Tensor) -> tuple[Tensor, Tensor]:
    return torch_softmax(z), z.logsumexp(-1)


@jax.custom_vjp
def jax_attention(z: jax.Array) -> jax.Array:
    return jax.nn.softmax(z)


jax_attention.defvjp(
    lambda z: (jax_attention(z), jax_attention(z)),
    lambda o, g: (o * (g - (o * g).sum(-1, keepdims=True)),),
)


@pytest.mark.parametrize(
    "subject",
    [
        from_torch(torch_softmax, quantities=SOFTMAX),
        from_torch(nn.Softmax(dim=-1), quantities=SOFTMAX),
        from_torch(Attention, quantities=SOFTMAX),
        from_torch(with_its_sum, quantities=SOFTMAX),
        from_torch(torch_log_softmax, quantities=LOG_SOFTMAX),
        from_torch(nn.LogSoftmax(dim=-1), quantities=LOG_SOFTMAX),
        from_jax(jax.nn.softmax, quantities=SOFTMAX),
        from_jax(jax_attention, quantities=SOFTMAX),
        from_jax(jax.nn.softmax, jit=False, quantities=SOFTMAX),
        from_jax(jax.nn.log_softmax, quantities=LOG_SOFTMAX),
        load("torch:torch.nn:Softmax(dim=-1)", quantities=SOFTMAX),
        load("jax:jax.nn:log_softmax", quantities=LOG_SOFTMAX),
    ],
    ids=lambda subject: f"{subject.library}-{subject.name}",
)
def test_a_function_of_the_logits_gives_its_values_and_its_backward_under_v(
    subject: Implementation,
) -> None:
    assert len(subject.functions) == 2
    assert not subject.takes_upstream
    assert_right(subject)


@pytest.mark.parametrize("layout", ["rows", "sequence", "channels"])
def test_v_has_the_shape_of_the_logits_in_every_layout(layout: str) -> None:
    axis = 1 if layout == "channels" else -1
    domain = {"layout": layout}
    assert_right(from_torch(nn.Softmax(dim=axis), quantities=SOFTMAX, domain=domain))
    assert_right(
        from_jax(lambda z: jax.nn.softmax(z, axis=axis), quantities=SOFTMAX, domain=domain)
    )

    def loss(z: Tensor, t: Tensor) -> Tensor:
        return functional.cross_entropy(z.movedim(axis, 1), t.movedim(axis, 1))

    assert_right(from_torch(loss, quantities=["hvp", "dE/dt"], domain=domain))


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_a_softmax_in_a_wider_format_than_its_logits_is_rounded_to_theirs(dtype: Any) -> None:
    for subject in (
        from_torch(lambda z: torch.softmax(z.float(), dim=-1), quantities=SOFTMAX),
        from_jax(lambda z: jax.nn.softmax(z.astype(jnp.float32)), quantities=SOFTMAX),
    ):
        values = subject.functions["softmax"](Z.astype(dtype))
        slopes = subject.functions["softmax-backward"](Z.astype(dtype), V.astype(dtype))
        assert values.dtype == slopes.dtype == dtype
        np.testing.assert_allclose(values.astype(float), O, rtol=0.01)


def test_a_right_backward_of_a_softmax_conforms_and_its_diagonal_is_refuted() -> None:
    options = {"quantities": SOFTMAX, "formats": ["fp64"]}
    found = certified(from_torch(Attention, **options))  # type: ignore[arg-type]
    assert found.verdict == "conforms", found.refutations
    found = certified(from_torch(Diagonal, **options))  # type: ignore[arg-type]
    assert {result.quantity for result in found.refutations} == {"softmax-backward"}


def test_a_backward_of_jax_conforms_and_its_values_do() -> None:
    found = certified(from_jax(jax_attention, quantities=SOFTMAX, formats=["fp32"]))
    assert found.verdict == "conforms", found.refutations


@pytest.mark.parametrize(
    "subject",
    [
        from_torch(lambda z: z.logsumexp(-1), quantities=["softmax"]),
        from_jax(lambda z: jax.nn.logsumexp(z, axis=-1), quantities=["softmax"]),
    ],
)
def test_an_answer_of_another_shape_than_the_logits_says_so(subject: Implementation) -> None:
    message = "the answer to logits of shape (4, 3) has shape (4,); expected that of the logits"
    with pytest.raises(ValueError, match=re.escape(message)):
        subject.functions["softmax"](Z)
