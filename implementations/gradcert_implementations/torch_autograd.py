"""PyTorch: only the loss is written, autograd differentiates it.

The loss is that of ``torch.nn.functional.cross_entropy`` for class probabilities, from the same
``log_softmax``. There are two differences. A zero target adds nothing even if its logit is -inf,
where ``cross_entropy`` itself returns NaN. In binary16 ``log_softmax`` is computed in binary32, as
under autocast: on the CPU it is -inf itself for more than 65,504 equal logits.
https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gradcert_implementations.adapters.tensors import array_of, tensor_of
from gradcert_implementations.interface import Array, Implementation, Strides
from gradcert_implementations.names import FORMAT_NAMES
from gradcert_implementations.torch_losses import functions_for, second_backward_for

__all__ = [
    "gradient",
    "hessian_vector_product",
    "implementation",
    "jacobian",
    "log_softmax",
    "log_softmax_backward",
    "loss",
    "loss_by_probability",
    "second_backward",
    "softmax",
    "softmax_backward",
    "target_gradient",
]


def _log_softmax(z: Tensor) -> Tensor:
    wider = torch.float32 if z.dtype == torch.float16 else None
    return functional.log_softmax(z, dim=-1, dtype=wider)


def _loss_of_rows(z: Tensor, t: Tensor) -> Tensor:
    return -torch.where(t == 0, 0, t * _log_softmax(z)).sum(-1).to(z.dtype)


def _backward(
    function: Callable[[Tensor], Tensor],
    at: Array,
    upstream: "Array | None" = None,
    *,
    times: int = 1,
) -> Array:
    """Return the gradient that the last of some backwards of one graph has."""
    leaf = tensor_of(at).requires_grad_()
    value = function(leaf)
    g = torch.ones_like(value) if upstream is None else tensor_of(upstream)
    for left in reversed(range(times)):
        (slope,) = torch.autograd.grad(value, leaf, g, retain_graph=left > 0)
    return array_of(slope)


def softmax(logits: Array) -> Array:
    """Return ``torch.softmax``."""
    return array_of(torch.softmax(tensor_of(logits), dim=-1))


def loss(logits: Array, targets: Array) -> Array:
    """Return the cross-entropy of each row."""
    return array_of(_loss_of_rows(tensor_of(logits), tensor_of(targets)))


def loss_by_probability(probabilities: Array, targets: Array) -> Array:
    """Return the gradient of ``-(t * o.log()).sum(-1)`` by o."""
    t = tensor_of(targets)
    return _backward(lambda o: -(t * o.log()).sum(-1), probabilities)


def jacobian(logits: Array) -> Array:
    """Return the Jacobian, by one backward pass of ``torch.softmax`` per class."""

    def probability(i: int) -> Callable[[Tensor], Tensor]:
        return lambda z: torch.softmax(z, dim=-1)[:, i]

    return np.stack([_backward(probability(i), logits) for i in range(logits.shape[-1])], axis=1)


def gradient(logits: Array, targets: Array, upstream: "Array | None" = None) -> Array:
    """Return the gradient of each row's cross-entropy by its logits, times the upstream one."""
    t = tensor_of(targets)
    return _backward(lambda z: _loss_of_rows(z, t), logits, upstream)


def second_backward(logits: Array, targets: Array, upstream: Array) -> Array:
    """Return the gradient that a second backward of the same graph has."""
    t = tensor_of(targets)
    return _backward(lambda z: _loss_of_rows(z, t), logits, upstream, times=2)


def log_softmax(logits: Array) -> Array:
    """Return ``torch.nn.functional.log_softmax``."""
    z = tensor_of(logits)
    return array_of(_log_softmax(z).to(z.dtype))


def softmax_backward(logits: Array, v: Array) -> Array:
    """Return the backward of ``torch.softmax`` for the gradient v of its outputs."""
    return _backward(lambda z: torch.softmax(z, dim=-1), logits, v)


def log_softmax_backward(logits: Array, v: Array) -> Array:
    """Return the backward of ``log_softmax`` for the gradient v of its outputs."""
    return _backward(lambda z: _log_softmax(z).to(z.dtype), logits, v)


def hessian_vector_product(logits: Array, targets: Array, v: Array) -> Array:
    """Return the gradient of v times the gradient of the loss: a backward of the backward."""
    leaf, t = tensor_of(logits).requires_grad_(), tensor_of(targets)
    (slope,) = torch.autograd.grad(_loss_of_rows(leaf, t).sum(), leaf, create_graph=True)
    (product,) = torch.autograd.grad(slope, leaf, tensor_of(v))
    return array_of(product)


def target_gradient(logits: Array, targets: Array) -> Array:
    """Return the gradient of ``-(t * log_softmax(z)).sum(-1)`` by t."""
    logarithms = _log_softmax(tensor_of(logits))
    return _backward(lambda t: -(t * logarithms).sum(-1), targets)


implementation = Implementation(
    name="torch",
    functions={
        "softmax": softmax,
        "loss": loss,
        "dE/do": loss_by_probability,
        "do/dz": jacobian,
        "dE/dz": gradient,
        "log-softmax": log_softmax,
        "softmax-backward": softmax_backward,
        "log-softmax-backward": log_softmax_backward,
        "hvp": hessian_vector_product,
        "dE/dt": target_gradient,
    },
    formats=FORMAT_NAMES,
    library="torch",
    device=str(torch.get_default_device()),
    strides=Strides.NON_NEGATIVE,
    takes_upstream=True,
    functions_for=functions_for,
    second_backward=second_backward,
    second_backward_for=second_backward_for,
)
