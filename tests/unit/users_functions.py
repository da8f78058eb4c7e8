"""Functions as users write them, and what they must answer for four rows of three classes."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

import gradcert
from gradcert_implementations import Implementation
from gradcert_reports import Certificate

Z = np.array([[0.0, 1.0, -1.0], [2.0, 0.0, 0.5], [0.0, 0.0, 0.0], [1.0, -3.0, 2.0]])
T = np.array([[1.0, 0.0, 0.0], [0.25, 0.5, 0.25], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
V = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, 1.0], [1.0, 1.0, 1.0], [-1.0, 0.0, 4.0]])
O = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)  # noqa: E741  # The outputs of the README.

BACKWARD = O * (V - (O * V).sum(axis=1, keepdims=True))
"""Of softmax; and the Hessian of the loss is the same for targets that sum to one."""

LOG_BACKWARD = V - O * V.sum(axis=1, keepdims=True)

EXPECTED = {
    "softmax": O,
    "softmax-backward": BACKWARD,
    "log-softmax": np.log(O),
    "log-softmax-backward": LOG_BACKWARD,
    "hvp": BACKWARD,
    "dE/dt": -np.log(O),
}

ARGUMENTS = {
    "softmax": (Z,),
    "softmax-backward": (Z, V),
    "log-softmax": (Z,),
    "log-softmax-backward": (Z, V),
    "hvp": (Z, T, V),
    "dE/dt": (Z, T),
}


SOFTMAX = ["softmax", "softmax-backward"]
LOG_SOFTMAX = ["log-softmax", "log-softmax-backward"]


def certified(subject: Any, **options: Any) -> Certificate:
    return gradcert.certify(subject, max_examples=5, effort="quick", **options)


def assert_right(subject: Implementation, *, like: float = 1e-12) -> None:
    for quantity, function in subject.functions.items():
        answer = function(*ARGUMENTS[quantity])
        np.testing.assert_allclose(answer, EXPECTED[quantity], atol=like)


class Attention(torch.autograd.Function):
    """A softmax with a backward of its own, as attention kernels have it."""

    @staticmethod
    def forward(ctx: Any, z: Tensor) -> Tensor:
        o = torch.softmax(z, dim=-1)
        ctx.save_for_backward(o)
        return o

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> Tensor:
        (o,), (g,) = ctx.saved_tensors, upstream
        return o * (g - (o * g).sum(-1, keepdim=True))


def torch_rows(z: Tensor, t: Tensor) -> Tensor:
    return -(t * torch.log_softmax(z, dim=-1)).sum(-1)


def torch_mean(z: Tensor, t: Tensor) -> Tensor:
    return torch_rows(z, t).mean()


def torch_sum(z: Tensor, t: Tensor) -> Tensor:
    return torch_rows(z, t).sum()


def jax_rows(z: jax.Array, t: jax.Array) -> jax.Array:
    return -(t * jax.nn.log_softmax(z)).sum(axis=-1)


def jax_mean(z: jax.Array, t: jax.Array) -> jax.Array:
    return jax_rows(z, t).mean()


def jax_sum(z: jax.Array, t: jax.Array) -> jax.Array:
    return jax_rows(z, t).sum()


class Differentiable(torch.autograd.Function):
    """A cross-entropy whose backward autograd can follow."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, t: Tensor) -> Tensor:
        ctx.save_for_backward(z, t)
        return torch_rows(z, t)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, Tensor | None]:
        z, t = ctx.saved_tensors
        slope = (z.softmax(-1) * t.sum(-1, keepdim=True) - t) * upstream[0][:, None]
        return slope, -z.log_softmax(-1) * upstream[0][:, None]


def torch_of_labels(z: Tensor, labels: Tensor) -> Tensor:
    return functional.cross_entropy(z, labels, reduction="none")


def jax_of_labels(z: jax.Array, labels: jax.Array) -> jax.Array:
    return -jnp.take_along_axis(jax.nn.log_softmax(z), labels[:, None], axis=-1).mean()


class Once(Differentiable):
    """A backward that says itself that it cannot be differentiated."""

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None]:
        z, t = ctx.saved_tensors
        return (z.softmax(-1) - t) * upstream[0][:, None], None
