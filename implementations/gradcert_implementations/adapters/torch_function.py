"""A PyTorch function of the logits alone, and its backward, which autograd computes."""

from collections.abc import Callable

import torch
from torch import Tensor

from gradcert_implementations.adapters.conventions import require_shape_of_logits, rounded_to
from gradcert_implementations.adapters.kinds import Kind
from gradcert_implementations.adapters.tensors import array_of, moved, tensor_of
from gradcert_implementations.interface import Array, Function

__all__ = ["functions_of_logits"]


def functions_of_logits(
    call: Callable[[Tensor], Tensor], kind: Kind, place: torch.device
) -> dict[str, Function]:
    """Return the values of a function of the logits, and its backward for a gradient v of these.

    Parameters
    ----------
    call
        The function of tensors. Its answer has the shape of the logits.
    kind
        What it is: a softmax or a log-softmax.
    place
        The device where it is computed.

    Examples
    --------
    >>> import numpy as np
    >>> from gradcert_implementations.adapters.kinds import SOFTMAX
    >>> made = functions_of_logits(lambda z: z.softmax(-1), SOFTMAX, torch.device("cpu"))
    >>> made["softmax-backward"](np.zeros((1, 2)), np.array([[1.0, 0.0]]))
    array([[ 0.25, -0.25]])
    """

    def answer_to(z: Tensor) -> Tensor:
        answer = call(z)
        require_shape_of_logits(answer.shape, z.shape)
        return answer

    def values(logits: Array) -> Array:
        return rounded_to(logits.dtype, array_of(answer_to(moved(tensor_of(logits), place))))

    def backward(logits: Array, v: Array) -> Array:
        z = moved(tensor_of(logits), place).requires_grad_()
        answer = answer_to(z)
        upstream = moved(tensor_of(v), place).to(answer.dtype)
        (slope,) = torch.autograd.grad(answer, z, upstream)
        return array_of(slope)

    return dict(zip(kind.quantities, (values, backward), strict=True))
