"""A PyTorch loss, differentiated by autograd."""

import copy
import functools
import math
import warnings
from collections.abc import Callable
from typing import Any, Unpack

import ml_dtypes
import numpy as np
import torch
from torch import Tensor, nn

from gradcert_implementations.adapters.attributes import loss_of_attributes
from gradcert_implementations.adapters.conventions import (
    Returned,
    declared,
    is_mean,
    parts_of_a_mean,
    quantities_of_a_loss,
    require_shape_of_a_loss,
    rounded_to,
)
from gradcert_implementations.adapters.folding import in_rows, leading, shaped
from gradcert_implementations.adapters.labels import class_indices
from gradcert_implementations.interface import (
    Array,
    Domain,
    Function,
    Implementation,
    Loss,
    Reduction,
    Strides,
)
from gradcert_implementations.names import printable
from gradcert_implementations.options import Options, OptionValues

__all__ = ["array_of", "from_torch", "tensor_of"]

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


def _moved(tensor: Tensor, place: torch.device) -> Tensor:
    """Return the tensor on a device, with its strides and its distance from 16 bytes.

    ``Tensor.to`` would pack it.
    """
    if place.type == "cpu" or not tensor.numel():
        return tensor.to(place)
    strides = tensor.stride()
    extent = 1 + sum((n - 1) * stride for n, stride in zip(tensor.shape, strides, strict=True))
    start = tensor.data_ptr() % 16 // tensor.element_size()
    memory = torch.empty(start + extent, dtype=tensor.dtype, device=place)
    memory[start:] = tensor.as_strided((extent,), (1,))
    return memory.as_strided(tensor.shape, strides, start)


def array_of(tensor: Tensor) -> Array:
    """Return a tensor's values as a numpy array."""
    tensor = tensor.detach().cpu()
    if tensor.dtype == torch.bfloat16:
        bits: Array = tensor.contiguous().view(torch.int16).numpy()
        return bits.view(_BFLOAT16)
    array: Array = tensor.numpy()
    return array


def _made(loss: Any) -> Any:
    """Return what computes the loss: a Function's ``apply``, or an object of a Module's class.

    Raises
    ------
    ValueError
        For the class of a Module that takes arguments.
    """
    if isinstance(loss, type) and issubclass(loss, torch.autograd.Function):
        return loss.apply  # type: ignore[attr-defined]
    if isinstance(loss, type) and issubclass(loss, nn.Module):
        try:
            return loss()
        except TypeError as error:
            raise ValueError(
                f"the module cannot be made ({error}); name an object, made with its arguments"
            ) from error
    return loss


def _called(
    loss: Any, device: torch.device, returned: Returned
) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the loss as a function of tensors; a Module is on the device, in the dtype of logits.

    Its class weights have that dtype then, as PyTorch demands.
    """

    @functools.cache
    def of_dtype(dtype: torch.dtype) -> Any:
        has_numbers = any(tensor.is_floating_point() for tensor in loss.state_dict().values())
        return (copy.deepcopy(loss) if has_numbers else loss).to(device, dtype)

    def called(z: Tensor, t: Tensor) -> Tensor:
        total = of_dtype(z.dtype)(z, t) if isinstance(loss, nn.Module) else loss(z, t)
        total = returned.first(total)
        if not isinstance(total, Tensor):
            raise TypeError(f"the loss is of type {type(total).__name__}; expected a tensor")
        return total

    return called


def _backward(total: Tensor, z: Tensor, upstream: Array, *, again: bool) -> Tensor:
    """Return the gradient of a loss under an upstream gradient, or that of a second backward.

    Raises
    ------
    NotImplementedError
        If a second backward is refused.
    """
    g = _moved(tensor_of(upstream), total.device).to(total.dtype)
    if not g.numel() and not total.ndim:
        g = torch.ones_like(total)  # One number for all of no rows.
    g = g if g.shape == total.shape else g.reshape(total.shape)
    (slope,) = torch.autograd.grad(total, z, g, retain_graph=again)
    if again:
        try:
            (slope,) = torch.autograd.grad(total, z, g)
        except RuntimeError as error:
            raise NotImplementedError(f"a second backward is refused: {error}") from error
    return slope


def from_torch(subject: Any, **options: Unpack[OptionValues]) -> Implementation:
    """Return the implementation of a PyTorch loss; autograd computes its gradient.

    Parameters
    ----------
    subject
        ``(logits, targets) -> loss``: a function, a ``torch.autograd.Function``, an ``nn.Module``
        or its class. Logits and targets have shape (B, n), or the one that the layout of the domain
        says. With ``targets="index"`` the targets are class indices (B,), as int64; that of an
        ignored row is the ``ignore_index``. The loss is one value per row, or the sum or the mean
        over the rows. Of a tuple, the first counts, and the certificate says so.

        ``backward`` gets the upstream gradient g of the case, in the dtype of the loss and in every
        layout that a tensor can have: one number a row, or one for all if the loss that is claimed
        has a reduction. A second backward of the same graph has the same answer, or is refused by a
        RuntimeError. If the loss returns a sum or a mean, and no reduction is claimed, the loss of
        two equal rows shows which it is. Then its value is certified row by row, each in a batch of
        its own, and its gradient for rows that have one g together; the divisor of a mean is taken
        back by g. Such a mean over more rows than a quarter of the format's largest number is asked
        in parts. A loss in a wider dtype than the logits is rounded to theirs. On the CPU the
        tensors share the memory of the numpy arrays, and on a device they have the same strides.
        Torch has no negative strides and no read-only tensors, so these memory layouts are not
        asked.
    **options
        The fields of :class:`gradcert_implementations.Options`. By default its value ``loss`` and
        its gradient dE/dz are certified in binary64 and binary32, on probabilities and on the CPU.
        The attributes of a module fill in the loss; see
        :func:`gradcert_implementations.adapters.attributes.loss_of_attributes`.
        A loss of probabilities has the quantity dE/do. The device is a name that ``torch.device``
        takes.

    Raises
    ------
    ValueError
        For an unknown name, a device that cannot be used, a class that cannot be called without
        arguments, or another quantity.

    Examples
    --------
    >>> import numpy as np
    >>> mine = from_torch(nn.CrossEntropyLoss(reduction="sum"), targets="index")
    >>> mine.loss
    Loss(ignore_index=-100, reduction='sum')
    >>> mine.functions["dE/dz"](np.zeros((2, 2)), np.eye(2), np.array(2.0))
    array([[-1.,  1.],
           [ 1., -1.]])
    >>> mine.functions["loss"](np.zeros((2, 2)), np.eye(2))
    array(1.38629436)
    """
    chosen = Options(**options)
    device = chosen.device or "cpu"
    try:
        place = torch.device(device)
        torch.zeros(1, device=place)
    except (RuntimeError, AssertionError) as error:
        reason = printable(str(error))
        raise ValueError(f"the device {device!r} cannot be used: {reason}") from error
    made = _made(subject)
    returned = Returned()
    called = _called(made, place, returned)
    filled_in = loss_of_attributes(made, chosen.targets)
    claimed, layout = chosen.loss_over(Loss(), filled_in), chosen.domain_over(Domain()).layout
    reduced = claimed.reduction is not Reduction.NONE

    def operands(logits: Array, targets: Array) -> tuple[Tensor, Tensor]:
        by_index = chosen.targets == "index"
        second = class_indices(targets, claimed.ignore_index, layout) if by_index else targets
        return _moved(tensor_of(logits), place), _moved(tensor_of(second), place)

    def loss_of(z: Tensor, t: Tensor) -> Tensor:
        total = called(z, t)
        require_shape_of_a_loss(total.shape, math.prod(leading(z.shape, layout)))
        return total

    def of_rows(logits: Array, rows: Array) -> Tensor:
        return loss_of(*operands(shaped(logits, layout), shaped(rows, layout)))

    def value(logits: Array, targets: Array) -> Array:
        total = loss_of(*operands(logits, targets))
        if reduced:
            return rounded_to(logits.dtype, array_of(total))
        shape = leading(logits.shape, layout)
        if not total.ndim and math.prod(shape) != 1:
            # The sum and the mean over a batch of one row are the loss of that row.
            z, t = in_rows(logits, layout), in_rows(targets, layout)
            each = (of_rows(z[i : i + 1], t[i : i + 1]).reshape(1) for i in range(len(z)))
            total = torch.cat([total.new_empty(0), *each])
        return rounded_to(logits.dtype, array_of(total.reshape(shape)))

    def scalar(logits: Array, rows: Array) -> float:
        return float(of_rows(logits, rows))

    averages = functools.cache(functools.partial(is_mean, scalar))

    def slopes(logits: Array, targets: Array, upstream: Array, *, again: bool) -> Array:
        z, t = operands(logits, targets)
        z.requires_grad_()
        total = loss_of(z, t)
        # The mean and the sum over one row are equal. So its first call is not used up.
        if total.ndim or reduced or upstream.size < 2:
            return array_of(_backward(total, z, upstream, again=again))
        mean = averages(logits.dtype)
        rows, each = in_rows(targets, layout), upstream.ravel()
        alike = parts_of_a_mean(rows, each, averages=mean)
        if len(alike) == 1:
            weight = each[0] * (len(rows) if mean else 1)
            return array_of(_backward(total, z, np.asarray(weight, each.dtype), again=again))
        points = in_rows(logits, layout)
        result = np.empty_like(points)
        for part in alike:
            point, target = shaped(points[part], layout), shaped(rows[part], layout)
            shape = leading(point.shape, layout)
            slope = slopes(point, target, each[part].reshape(shape), again=again)
            result[part] = in_rows(slope, layout)
        answer: Array = shaped(result, layout)
        return answer

    def gradient(logits: Array, targets: Array, upstream: "Array | None" = None) -> Array:
        if upstream is None:
            shape = () if reduced else leading(logits.shape, layout)
            upstream = np.ones(shape, logits.dtype)
        return slopes(logits, targets, upstream, again=False)

    def second_backward(logits: Array, targets: Array, upstream: Array) -> Array:
        return slopes(logits, targets, upstream, again=True)

    functions: dict[str, Function] = {"dE/dz": gradient, "dE/do": gradient, "loss": value}
    return declared(
        subject,
        quantities_of_a_loss(functions, chosen),
        chosen,
        adapter="torch:",
        library="torch",
        device=device,
        strides=Strides.NON_NEGATIVE,
        filled_in=filled_in,
        takes_upstream=True,
        second_backward=second_backward,
        observed=returned.in_words,
    )
