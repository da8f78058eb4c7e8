"""A PyTorch loss, differentiated by autograd."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import ml_dtypes
import numpy as np
import torch
from torch import Tensor, nn

from gradcert_implementations.adapters.conventions import (
    class_indices,
    declared,
    has_shape_of_a_loss,
    is_mean,
    of_a_loss,
)
from gradcert_implementations.interface import Array, Function, Implementation

__all__ = ["array_of", "from_torch", "tensor_of"]

_BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def tensor_of(array: Array) -> Tensor:
    """Return a tensor on the array's own memory; torch knows no numpy bfloat16, only its bits."""
    if array.dtype == _BFLOAT16:
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def array_of(tensor: Tensor) -> Array:
    """Return a tensor's values as a numpy array."""
    tensor = tensor.detach().cpu()
    if tensor.dtype == torch.bfloat16:
        bits: Array = tensor.contiguous().view(torch.int16).numpy()
        return bits.view(_BFLOAT16)
    array: Array = tensor.numpy()
    return array


def _called(loss: Any, device: torch.device) -> Callable[[Tensor, Tensor], Tensor]:
    """Return what computes the loss: a Function's ``apply``, a Module on the device, or `loss`.

    Raises
    ------
    ValueError
        For a Module's class that takes arguments.
    """
    if isinstance(loss, type) and issubclass(loss, torch.autograd.Function):
        loss = loss.apply  # type: ignore[attr-defined]
    elif isinstance(loss, type) and issubclass(loss, nn.Module):
        try:
            loss = loss()
        except TypeError as error:
            raise ValueError(f"the module cannot be made ({error}); name one that is") from error
    if isinstance(loss, nn.Module):
        loss = loss.to(device)

    def called(z: Tensor, t: Tensor) -> Tensor:
        total = loss(z, t)
        if not isinstance(total, Tensor):
            raise TypeError(f"the loss is of type {type(total).__name__}; expected a tensor")
        has_shape_of_a_loss(total.shape, len(z))
        return total

    return called


def from_torch(
    loss: Any,
    *,
    quantities: Sequence[str] = (),
    formats: Sequence[str] = (),
    targets: str = "probability",
    device: str = "cpu",
) -> Implementation:
    """Return the implementation that a PyTorch loss is; autograd gives its gradient.

    Parameters
    ----------
    loss
        ``(logits, targets) -> loss``: a function, a ``torch.autograd.Function``, an ``nn.Module``
        or its class. Logits are (B, n); targets too, or for ``targets="index"`` class indices (B,)
        as int64. The loss is one value a row, or the rows' sum or mean: which of the two is found
        out by asking it about two equal rows. On the CPU the tensors lie on numpy's memory.
    quantities
        dE/dz unless told; dE/do for a loss of probabilities, ``loss`` where it is one value a row.
    formats, targets
        What it is meant for: binary64 and binary32 on probabilities unless told.
    device
        Where to compute, as ``torch.device`` names it.

    Raises
    ------
    ValueError
        For a device that cannot be used, a class that cannot be called without arguments, another
        quantity, or an unknown name.

    Examples
    --------
    >>> import numpy as np
    >>> mine = from_torch(nn.CrossEntropyLoss, targets="index")
    >>> mine.functions["dE/dz"](np.zeros((2, 2)), np.eye(2))
    array([[-0.5,  0.5],
           [ 0.5, -0.5]])
    """
    try:
        place = torch.device(device)
        torch.zeros(1, device=place)
    except (RuntimeError, AssertionError) as error:
        said = " ".join(str(error).split())
        raise ValueError(f"the device {device!r} cannot be used: {said}") from error
    called = _called(loss, place)

    def operands(logits: Array, rows: Array) -> tuple[Tensor, Tensor]:
        second = tensor_of(class_indices(rows) if targets == "index" else rows)
        return tensor_of(logits).to(place), second.to(place)

    def value(logits: Array, rows: Array) -> Array:
        return array_of(called(*operands(logits, rows)))

    averages = functools.cache(functools.partial(is_mean, lambda *two: float(value(*two))))

    def gradient(logits: Array, rows: Array) -> Array:
        z, t = operands(logits, rows)
        z.requires_grad_()
        total = called(z, t)
        weight = len(rows) if not total.ndim and averages(logits.dtype) else 1
        (slope,) = torch.autograd.grad(total, z, torch.full_like(total, weight))
        return array_of(slope)

    functions: dict[str, Function] = {"dE/dz": gradient, "dE/do": gradient, "loss": value}
    return declared(
        loss,
        of_a_loss(functions, quantities),
        formats=formats,
        targets=targets,
        library="torch",
        device=device,
        adapter="torch:",
    )
