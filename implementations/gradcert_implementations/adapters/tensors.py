"""NumPy arrays as PyTorch tensors, with their memory layout, and back."""

import warnings

import ml_dtypes
import numpy as np
import torch
from torch import Tensor

from gradcert_implementations.interface import Array

__all__ = ["array_of", "copied", "moved", "tensor_of"]

_BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def tensor_of(array: Array) -> Tensor:
    """Return a tensor on the memory of the array, with its strides.

    Torch has no negative strides, so such an array is copied. Torch has no read-only tensors, so
    one on read-only memory can be written to, and torch does not warn of that here. Torch does not
    take numpy's bfloat16, so its bits travel as int16.

    Examples
    --------
    >>> tensor_of(np.zeros((3, 4))[:, ::2]).stride()
    (4, 2)
    """
    if min(array.strides, default=0) < 0:
        array = array.copy()
    bits = array.view(np.int16) if array.dtype == _BFLOAT16 else array
    if array.flags.writeable:
        tensor = torch.from_numpy(bits)
    else:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The given NumPy array is not writable")
            tensor = torch.from_numpy(bits)
    return tensor.view(torch.bfloat16) if array.dtype == _BFLOAT16 else tensor


def moved(tensor: Tensor, place: torch.device) -> Tensor:
    """Return the tensor on a device, with its strides and its distance from 16 bytes.

    ``Tensor.to`` would pack it.
    """
    return tensor if place.type == "cpu" else copied(tensor, place)


def copied(tensor: Tensor, place: torch.device) -> Tensor:
    """Return a copy on a device, as :func:`moved` does, that can be written into.

    Autograd follows the copy, so that it is no leaf: torch lets nobody write into a leaf.

    Examples
    --------
    >>> copy = copied(torch.zeros(3, 4).T.requires_grad_(), torch.device("cpu"))
    >>> copy.stride(), copy.is_leaf
    ((1, 4), False)
    """
    if not tensor.numel():
        return tensor.to(place, copy=True)
    strides = tensor.stride()
    extent = 1 + sum((n - 1) * stride for n, stride in zip(tensor.shape, strides, strict=True))
    start = tensor.data_ptr() % 16 // tensor.element_size()
    memory = torch.empty(start + extent, dtype=tensor.dtype, device=place)
    # No gradient goes through what lies between the numbers of a view.
    memory[start:] = tensor.detach().as_strided((extent,), (1,))
    copy = memory.as_strided(tensor.shape, strides, start)
    return copy.copy_(tensor) if tensor.requires_grad else copy


def array_of(tensor: Tensor) -> Array:
    """Return a tensor's values as a numpy array."""
    tensor = tensor.detach().cpu()
    if tensor.dtype == torch.bfloat16:
        bits: Array = tensor.contiguous().view(torch.int16).numpy()
        return bits.view(_BFLOAT16)
    array: Array = tensor.numpy()
    return array
