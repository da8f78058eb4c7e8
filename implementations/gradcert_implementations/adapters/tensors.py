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


def moved(tensor: Tensor, place: torch.device, dtype: torch.dtype | None = None) -> Tensor:
    """Return the tensor on a device, and perhaps in another dtype, with its strides.

    It keeps its distance from 16 bytes too. ``Tensor.to`` would pack it.

    Examples
    --------
    >>> moved(torch.zeros(1).expand(3), torch.device("cpu"), torch.float64).stride()
    (0,)
    """
    there = place.type == "cpu" and dtype in (None, tensor.dtype)
    return tensor if there else copied(tensor, place, dtype)


def copied(tensor: Tensor, place: torch.device, dtype: torch.dtype | None = None) -> Tensor:
    """Return a copy, as :func:`moved` does, that can be written into.

    Autograd follows the copy, so that it is no leaf: torch lets nobody write into a leaf.

    Examples
    --------
    >>> copy = copied(torch.zeros(3, 4).T.requires_grad_(), torch.device("cpu"))
    >>> copy.stride(), copy.is_leaf
    ((1, 4), False)
    """
    if not tensor.numel():
        return tensor.to(place, dtype, copy=True)
    strides = tensor.stride()
    extent = 1 + sum((n - 1) * stride for n, stride in zip(tensor.shape, strides, strict=True))
    start = tensor.data_ptr() % 16 // tensor.element_size()
    memory = torch.empty(start + extent, dtype=dtype or tensor.dtype, device=place)
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
