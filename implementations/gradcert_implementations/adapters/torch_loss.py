"""A PyTorch loss or function of the logits, differentiated by autograd."""

import functools
import math
from collections.abc import Callable
from typing import Any, Unpack

import numpy as np
import torch
from torch import Tensor, nn

from gradcert_implementations.adapters.attributes import loss_of_attributes
from gradcert_implementations.adapters.conventions import (
    Returned,
    declared,
    is_mean,
    parts_of_a_mean,
    require_shape_of_a_loss,
    rounded_to,
    some_classes,
)
from gradcert_implementations.adapters.folding import in_rows, leading, shaped
from gradcert_implementations.adapters.kinds import LOSS, chosen_functions, kind_of
from gradcert_implementations.adapters.labels import class_indices
from gradcert_implementations.adapters.signatures import name_of
from gradcert_implementations.adapters.tensors import array_of, copied, moved, tensor_of
from gradcert_implementations.adapters.torch_function import functions_of_logits
from gradcert_implementations.adapters.torch_subject import (
    called,
    device_named,
    kind_of_subject,
    made_from,
    signed,
)
from gradcert_implementations.interface import (
    Array,
    Domain,
    Function,
    Implementation,
    Loss,
    Reduction,
    Strides,
)
from gradcert_implementations.options import Options, OptionValues

__all__ = ["from_torch"]


def _upstream(total: Tensor, upstream: Array) -> Tensor:
    """Return an upstream gradient in the dtype and the shape of a loss."""
    g = moved(tensor_of(upstream), total.device, total.dtype)
    if not g.numel() and not total.ndim:
        return torch.ones_like(total)  # One number for all of no rows.
    return g if g.shape == total.shape else g.reshape(total.shape)


def _backward(total: Tensor, leaf: Tensor, upstream: Array) -> Tensor:
    """Return the gradient of a loss under an upstream gradient."""
    (slope,) = torch.autograd.grad(total, leaf, _upstream(total, upstream))
    return slope


def _second_backward(total: Tensor, leaf: Tensor, upstream: Array) -> Tensor:
    """Return what a second backward has; raise NotImplementedError if that is refused."""
    g = _upstream(total, upstream)
    torch.autograd.grad(total, leaf, g, retain_graph=True)
    try:
        (slope,) = torch.autograd.grad(total, leaf, g)
    except RuntimeError as error:
        raise NotImplementedError(f"a second backward is refused: {error}") from error
    return slope


def _hessian_product(total: Tensor, leaf: Tensor, upstream: Array, v: Array) -> Tensor:
    """Return a backward of the backward; raise NotImplementedError if there is none."""
    g = _upstream(total, upstream)
    (slope,) = torch.autograd.grad(total, leaf, g, create_graph=True)
    if not slope.requires_grad:
        raise NotImplementedError(
            "its backward cannot be differentiated: to autograd, what it returns is a constant"
        )
    try:
        (product,) = torch.autograd.grad(slope, leaf, moved(tensor_of(v), leaf.device))
    except RuntimeError as error:
        raise NotImplementedError(f"its backward cannot be differentiated: {error}") from error
    return product


def _target_gradient(total: Tensor, leaf: Tensor, upstream: Array) -> Tensor:
    """Return the gradient by the targets; raise NotImplementedError if there is none."""
    slope = None
    if total.requires_grad:
        g = _upstream(total, upstream)
        (slope,) = torch.autograd.grad(total, leaf, g, allow_unused=True)
    if slope is None:
        raise NotImplementedError("the loss cannot be differentiated by its targets")
    return slope


def _with_a_copy(call: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return a call that may write into its first tensor: the caller's stays as it is."""
    return lambda first, *others: call(copied(first, first.device), *others)


def from_torch(subject: Any, **options: Unpack[OptionValues]) -> Implementation:
    """Return the implementation of a PyTorch loss or softmax; autograd computes its gradient.

    Parameters
    ----------
    subject
        A function, a ``torch.autograd.Function``, an ``nn.Module`` or its class.

        A loss is ``(logits, targets) -> loss``. Logits and targets have shape (B, n): B rows of n
        classes, or the shape that the layout of the domain says. With ``targets="index"`` the
        targets are class indices of shape (B,), as int64; an ignored row has the label
        ``ignore_index``. The loss has shape (B,), one value for each row, or (), their sum or mean.
        If it is a tuple, its first element counts, and the certificate says so. A loss in a wider
        dtype than the logits is rounded to theirs.

        ``backward`` gets an upstream gradient g in the dtype of the loss: one number for each row,
        or one for all if the loss that is claimed has a reduction. g has every layout that a tensor
        can have. A second backward of the same graph must return the same, or raise RuntimeError.

        If the domain says ``overwrites_logits``, each call has a copy of the logits, which is no
        leaf of autograd: torch lets nobody write into a leaf.

        If the loss returns a sum or a mean, and no reduction is claimed, the loss of two equal rows
        shows which it is. Then its value is certified row by row, each in a batch of its own, and
        its gradient for all rows that have the same g together; g is multiplied by the divisor of
        the mean. A mean over more rows than a quarter of the format's largest number is asked in
        parts.

        A loss of probabilities has the quantity dE/do. The quantity hvp is a backward of the
        backward, with ``create_graph``, under the gradient v. dE/dt is the gradient by the targets.
        Where autograd refuses either, NotImplementedError is raised.

        A softmax or a log-softmax is ``logits -> outputs``, of the same shape, along the classes.
        The quantity ``softmax`` or ``log-softmax`` is its values, and ``softmax-backward`` or
        ``log-softmax-backward`` its backward under the gradient v of the outputs, which has every
        layout that a tensor can have.

        On the CPU the tensors share the memory of the numpy arrays, and on a device they have the
        same strides. Torch has no negative strides and no read-only tensors, so these memory
        layouts are not asked.
    **options
        The fields of :class:`gradcert_implementations.Options`. By default it is a loss, whose
        value ``loss`` and gradient dE/dz are certified in binary64 and binary32, on probabilities
        and on the CPU. The attributes of a module fill in the loss; see
        :func:`gradcert_implementations.adapters.attributes.loss_of_attributes`. The device is a
        name that ``torch.device`` takes.

    Returns
    -------
    The implementation, which :func:`gradcert.certify` takes. Its functions take and return numpy
    arrays.

    Raises
    ------
    ValueError
        For an unknown name, a device that cannot be used, a class that cannot be called without
        arguments, and quantities that the subject does not give.

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
    >>> mine = from_torch(nn.Softmax(dim=-1), quantities=["softmax-backward"])
    >>> mine.functions["softmax-backward"](np.zeros((1, 2)), np.array([[1.0, 0.0]]))
    array([[ 0.25, -0.25]])
    """
    chosen = Options.of(options)
    device = chosen.device or "cpu"
    place = device_named(device)
    made = made_from(subject)
    returned = Returned()
    domain = chosen.domain_over(Domain())
    call = called(made, place, returned)
    if domain.overwrites_logits:
        call = _with_a_copy(call)
    takes = signed(made if isinstance(made, nn.Module) else subject)
    kind = kind_of(name_of(subject), takes, chosen)

    def adapted(functions: dict[str, Function], **fields: Any) -> Implementation:
        return declared(
            subject,
            chosen_functions(functions, chosen),
            chosen,
            adapted=kind_of_subject(subject),
            adapter="torch:",
            library="torch",
            device=device,
            strides=Strides.NON_NEGATIVE,
            observed=returned.in_words,
            **fields,
        )

    if kind is not LOSS:
        return adapted(functions_of_logits(call, kind, place))
    filled_in = loss_of_attributes(made, chosen.targets)
    claimed = chosen.loss_over(Loss(), filled_in)
    layout, classes = domain.layout, some_classes(claimed, domain)
    reduced = claimed.reduction is not Reduction.NONE

    def operands(logits: Array, targets: Array) -> tuple[Tensor, Tensor]:
        by_index = chosen.targets == "index"
        second = class_indices(targets, claimed.ignore_index, layout) if by_index else targets
        return moved(tensor_of(logits), place), moved(tensor_of(second), place)

    def loss_of(z: Tensor, t: Tensor) -> Tensor:
        total = call(z, t)
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

    averages = functools.cache(
        functools.partial(is_mean, scalar, classes=classes, ignored=claimed.ignore_index)
    )

    def slopes(
        derive: Callable[..., Tensor],
        logits: Array,
        targets: Array,
        upstream: Array,
        *vectors: Array,
        by_targets: bool = False,
    ) -> Array:
        z, t = operands(logits, targets)
        leaf = t if by_targets else z
        if not leaf.is_floating_point():
            raise NotImplementedError("class indices have no gradient")
        leaf.requires_grad_()
        total = loss_of(z, t)
        # The mean and the sum over one row are equal. So its first call is not used up.
        if total.ndim or reduced or upstream.size < 2:
            return array_of(derive(total, leaf, upstream, *vectors))
        mean = averages(logits.dtype)
        each = upstream.ravel()
        alike = parts_of_a_mean(in_rows(targets, layout), each, averages=mean)
        if len(alike) == 1:
            weight = np.asarray(each[0] * (len(each) if mean else 1), each.dtype)
            return array_of(derive(total, leaf, weight, *vectors))
        rows = [in_rows(array, layout) for array in (logits, targets, *vectors)]
        result = np.empty_like(rows[0])
        for part in alike:
            point, target, *others = (shaped(array[part], layout) for array in rows)
            g = each[part].reshape(leading(point.shape, layout))
            slope = slopes(derive, point, target, g, *others, by_targets=by_targets)
            result[part] = in_rows(slope, layout)
        answer: Array = shaped(result, layout)
        return answer

    def ones(logits: Array) -> Array:
        return np.ones(() if reduced else leading(logits.shape, layout), logits.dtype)

    def gradient(logits: Array, targets: Array, upstream: "Array | None" = None) -> Array:
        g = ones(logits) if upstream is None else upstream
        return slopes(_backward, logits, targets, g)

    def second_backward(logits: Array, targets: Array, upstream: Array) -> Array:
        return slopes(_second_backward, logits, targets, upstream)

    def hessian_product(logits: Array, targets: Array, v: Array) -> Array:
        return slopes(_hessian_product, logits, targets, ones(logits), v)

    def target_gradient(logits: Array, targets: Array) -> Array:
        return slopes(_target_gradient, logits, targets, ones(logits), by_targets=True)

    parts = value, gradient, gradient, hessian_product, target_gradient
    return adapted(
        dict(zip(LOSS.quantities, parts, strict=True)),
        filled_in=filled_in,
        takes_upstream=True,
        second_backward=second_backward,
    )
