"""PyTorch: only the loss with its options is written, autograd differentiates it.

The loss is that of ``torch.nn.functional.cross_entropy`` and more, from the same ``log_softmax``. A
target of zero adds nothing. The 16-bit formats are computed in binary32, as under autocast.
https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
"""

import functools
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gradcert_implementations.adapters.tensors import array_of, tensor_of
from gradcert_implementations.interface import (
    Array,
    Function,
    Loss,
    MeanOver,
    Reduction,
    SmoothingOver,
)
from gradcert_implementations.names import QuantityName

__all__ = ["functions_for", "second_backward_for"]


def _widened(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.itemsize == 2 else tensor


def _weights(loss: Loss, like: Tensor) -> Tensor:
    """Return the class weights, rounded to the dtype of the logits."""
    given = loss.weights(like.shape[1]) or (1.0,) * like.shape[1]
    return torch.tensor(given, dtype=torch.float64).to(like.dtype)


def _divisor(over: MeanOver, targets: Tensor, weights: Tensor, kept: Tensor) -> float:
    match over:
        case MeanOver.ROWS:
            return len(targets)
        case MeanOver.KEPT:
            return int(kept.sum())
        case MeanOver.ELEMENTS:
            return int(targets.numel())
        case MeanOver.WEIGHTS:
            labels = targets[kept].argmax(-1)
            return float(weights.double()[labels].sum())


def _total(loss: Loss, logits: Tensor, targets: Tensor) -> "Tensor | None":
    """Return the loss of each row or of the batch, as autograd can differentiate it.

    None stands for 0/0.
    """
    z, t, weights = map(_widened, (logits, targets, _weights(loss, logits)))
    kept = torch.ones(len(t), dtype=torch.bool)
    if loss.ignore_index is not None:
        kept = t.any(-1)
        z = torch.where(kept[:, None], z, 0)
    over, classes = loss.mean_over, t.shape[-1]
    divisor = z_divisor = 1.0
    if loss.reduction is Reduction.MEAN:
        divisor = _divisor(over, t, weights, kept)
        z_divisor = _divisor(loss.z_loss_mean_over or over, t, weights, kept)
    if not (divisor and z_divisor):
        return None
    if loss.label_smoothing:
        others = loss.smoothing_over is SmoothingOver.OTHERS
        share = loss.label_smoothing * (classes / (classes - 1) if others else 1)
        t = torch.lerp(t, torch.full_like(t, 1 / classes), share)
    t, u = t * weights, z * loss.logit_scale
    if loss.softcap is not None:
        u = loss.softcap * torch.tanh(u / loss.softcap)
    logarithms = functional.log_softmax(u, dim=-1)
    rows = -torch.where(t == 0, 0, t * logarithms).sum(-1) / divisor
    if loss.z_loss:
        largest = u.detach().amax(-1, keepdim=True)
        log_sum = (u - largest).exp().sum(-1).log() + largest[:, 0]
        rows = rows + loss.z_loss * log_sum.square() / z_divisor
    rows = torch.where(kept, loss.multiplier * rows, 0)
    total = rows if loss.reduction is Reduction.NONE else rows.sum()
    return total.to(logits.dtype)


def _value(loss: Loss, logits: Array, targets: Array) -> Array:
    total = _total(loss, tensor_of(logits), tensor_of(targets))
    if total is None:
        return np.array(loss.nothing_kept_loss.number, logits.dtype)
    return array_of(total)


def _gradient(
    loss: Loss,
    logits: Array,
    targets: Array,
    upstream: "Array | None" = None,
    *,
    again: bool = False,
) -> Array:
    leaf = tensor_of(logits).requires_grad_()
    total = _total(loss, leaf, tensor_of(targets))
    if total is None:
        return np.full_like(logits, loss.nothing_kept_gradient.number)
    g = torch.ones_like(total) if upstream is None else tensor_of(upstream)
    (slope,) = torch.autograd.grad(total, leaf, g, retain_graph=again)
    if again:
        (slope,) = torch.autograd.grad(total, leaf, g)
    return array_of(slope)


def functions_for(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the value of a loss and its gradient; nothing for another output than the softmax.

    Examples
    --------
    >>> gradient = functions_for(Loss(label_smoothing=0.5, reduction="sum"))["dE/dz"]
    >>> gradient(np.zeros((1, 2)), np.array([[1.0, 0.0]]), np.array(4.0))
    array([[-1.,  1.]])
    """
    if loss.output != Loss.output:
        return {}
    return {
        "loss": functools.partial(_value, loss),
        "dE/dz": functools.partial(_gradient, loss),
    }


def second_backward_for(loss: Loss) -> Function:
    """Return the gradient that a second backward of the same graph has.

    Examples
    --------
    >>> gradient = second_backward_for(Loss(multiplier=2.0))
    >>> gradient(np.zeros((1, 2)), np.array([[1.0, 0.0]]), np.array([1.0]))
    array([[-1.,  1.]])
    """
    return functools.partial(_gradient, loss, again=True)
