"""A PyTorch subject, as a function of tensors: a function, a Function of autograd, or a Module."""

import copy
import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gradcert_implementations.adapters.conventions import Returned
from gradcert_implementations.interface import Adapted
from gradcert_implementations.names import printable

__all__ = ["called", "device_named", "kind_of_subject", "made_from", "signed"]


def device_named(name: str) -> torch.device:
    """Return a device that can be used.

    Raises
    ------
    ValueError
        If it cannot be used.

    Examples
    --------
    >>> device_named("cpu")
    device(type='cpu')
    """
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = printable(str(error))
        raise ValueError(
            f"the device {name!r} cannot be used: {reason}; choose another, such as cpu"
        ) from error
    return device


def _is_function_of_autograd(subject: Any) -> bool:
    return isinstance(subject, type) and issubclass(subject, torch.autograd.Function)


def _is_class_of_modules(subject: Any) -> bool:
    return isinstance(subject, type) and issubclass(subject, nn.Module)


def kind_of_subject(subject: Any) -> Adapted:
    """Return what a subject is.

    Examples
    --------
    >>> kind_of_subject(nn.CrossEntropyLoss), kind_of_subject(nn.functional.cross_entropy)
    (<Adapted.TORCH_MODULE_CLASS: 'torch module class'>, <Adapted.TORCH: 'torch'>)
    """
    if _is_function_of_autograd(subject):
        return Adapted.TORCH_FUNCTION
    if _is_class_of_modules(subject):
        return Adapted.TORCH_MODULE_CLASS
    return Adapted.TORCH_MODULE if isinstance(subject, nn.Module) else Adapted.TORCH


def made_from(subject: Any) -> Any:
    """Return what computes: the ``apply`` of a Function, or an object of a Module's class.

    Raises
    ------
    ValueError
        For the class of a Module that takes arguments.
    """
    if _is_function_of_autograd(subject):
        return subject.apply
    if _is_class_of_modules(subject):
        try:
            return subject()
        except TypeError as error:
            raise ValueError(
                f"the module cannot be made ({error}); name an object, made with its arguments"
            ) from error
    return subject


def signed(subject: Any) -> Any:
    """Return the function whose signature says what a subject, or what is made from it, takes.

    Examples
    --------
    >>> signed(nn.Softmax(dim=-1)).__name__
    'forward'
    """
    if isinstance(subject, nn.Module):
        return subject.forward
    if not _is_function_of_autograd(subject):
        return subject
    if subject.setup_context is torch.autograd.Function.setup_context:
        return functools.partial(subject.forward, None)  # The context comes first.
    return subject.forward


def called(made: Any, device: torch.device, returned: Returned) -> Callable[..., Tensor]:
    """Return a function of tensors. A Module is on the device, in the dtype of the first of them.

    The class weights of a loss have that dtype then, as PyTorch demands.
    """

    @functools.cache
    def of_dtype(dtype: torch.dtype) -> Any:
        tensors = (*made.parameters(), *made.buffers())
        has_numbers = any(tensor.is_floating_point() for tensor in tensors)
        return (copy.deepcopy(made) if has_numbers else made).to(device, dtype)

    def call(*tensors: Tensor) -> Tensor:
        function = of_dtype(tensors[0].dtype) if isinstance(made, nn.Module) else made
        answer = returned.first(function(*tensors))
        if not isinstance(answer, Tensor):
            raise TypeError(
                f"what it returns is of type {type(answer).__name__}; expected a tensor"
            )
        return answer

    return call
