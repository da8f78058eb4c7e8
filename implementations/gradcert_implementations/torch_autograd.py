"""PyTorch: only the loss is written, autograd differentiates it.

The loss is what ``torch.nn.functional.cross_entropy`` computes for class probabilities, from the
same ``log_softmax``, except that a zero target adds nothing even where its logit is -inf; there
``cross_entropy`` itself returns NaN.
https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
"""

from collections.abc import Callable

import ml_dtypes
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gradcert_implementations.interface import FORMAT_NAMES, Array, Implementation

__all__ = ["gradient", "implementation", "jacobian", "loss", "loss_by_probability", "softmax"]

_BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def _tensor(array: Array) -> Tensor:
    """Return a copy as a tensor; torch knows no numpy bfloat16, so its bits travel as int16."""
    if array.dtype == _BFLOAT16:
        return torch.tensor(array.view(np.int16)).view(torch.bfloat16)
    return torch.tensor(array)


def _array(tensor: Tensor) -> Array:
    tensor = tensor.detach()
    if tensor.dtype == torch.bfloat16:
        bits: Array = tensor.contiguous().view(torch.int16).numpy()
        return bits.view(_BFLOAT16)
    array: Array = tensor.numpy()
    return array


def _loss_of_rows(z: Tensor, t: Tensor) -> Tensor:
    return -torch.where(t == 0, 0, t * functional.log_softmax(z, dim=-1)).sum(-1)


def _backward(function: Callable[[Tensor], Tensor], at: Array) -> Array:
    leaf = _tensor(at).requires_grad_()
    value = function(leaf)
    (slope,) = torch.autograd.grad(value, leaf, torch.ones_like(value))
    return _array(slope)


def softmax(logits: Array) -> Array:
    """Return ``torch.softmax``."""
    return _array(torch.softmax(_tensor(logits), dim=-1))


def loss(logits: Array, targets: Array) -> Array:
    """Return the cross-entropy of each row."""
    return _array(_loss_of_rows(_tensor(logits), _tensor(targets)))


def loss_by_probability(probabilities: Array, targets: Array) -> Array:
    """Return the gradient of ``-(t * o.log()).sum(-1)`` by o."""
    t = _tensor(targets)
    return _backward(lambda o: -(t * o.log()).sum(-1), probabilities)


def jacobian(logits: Array) -> Array:
    """Return one backward pass of ``torch.softmax`` a class."""

    def probability(i: int) -> Callable[[Tensor], Tensor]:
        return lambda z: torch.softmax(z, dim=-1)[:, i]

    return np.stack([_backward(probability(i), logits) for i in range(logits.shape[-1])], axis=1)


def gradient(logits: Array, targets: Array) -> Array:
    """Return the gradient of each row's cross-entropy by its logits."""
    t = _tensor(targets)
    return _backward(lambda z: _loss_of_rows(z, t), logits)


implementation = Implementation(
    name="torch",
    functions={
        "softmax": softmax,
        "loss": loss,
        "dE/do": loss_by_probability,
        "do/dz": jacobian,
        "dE/dz": gradient,
    },
    formats=FORMAT_NAMES,
    library="torch",
    device=str(torch.get_default_device()),
)
