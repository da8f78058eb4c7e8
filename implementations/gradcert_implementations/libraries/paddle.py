"""Paddle: ``paddle.nn.functional.cross_entropy`` with soft labels, by ``paddle.grad``.

The documentation requires that the soft labels of a sample sum to one and have the type of the
logits, which is binary32 or binary64. It offers ``label_smoothing``, and the reductions none, sum
and mean. For hard labels it also offers ``weight`` for each class, by whose sum a mean divides, and
``ignore_index``, the index of a class: a negative one means that no label is ignored.
``paddle.grad`` takes the upstream gradient as ``grad_outputs``, and keeps a graph if
``retain_graph`` says so.
https://www.paddlepaddle.org.cn/documentation/docs/en/api/paddle/nn/functional/cross_entropy_en.html
https://www.paddlepaddle.org.cn/documentation/docs/en/api/paddle/grad_en.html
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import paddle
from paddle.nn import functional

from gradcert_implementations.adapters.labels import class_indices
from gradcert_implementations.adapters.offered import of_labels, require_offered, require_one_of
from gradcert_implementations.interface import (
    Array,
    Function,
    Implementation,
    Loss,
    MeanOver,
    Reduction,
    Strides,
)
from gradcert_implementations.names import QuantityName

__all__ = ["functions_for", "implementation", "second_backward_for", "softmax"]

paddle.set_device("cpu")


def softmax(logits: Array) -> Array:
    """Return ``paddle.nn.functional.softmax``."""
    o: Array = functional.softmax(paddle.to_tensor(logits)).numpy()
    return o


def _labelled(loss: Loss) -> bool:
    """Return whether a loss is offered for hard labels only."""
    return loss.class_weights is not None or loss.ignore_index is not None


def _total(loss: Loss, z: Any, targets: Array) -> Any:
    hard, weights = _labelled(loss), loss.weights(targets.shape[1])
    total = functional.cross_entropy(
        z,
        paddle.to_tensor(class_indices(targets, loss.ignore_index) if hard else targets),
        weight=paddle.to_tensor(np.array(weights, targets.dtype)) if weights else None,
        ignore_index=-100 if loss.ignore_index is None else loss.ignore_index,
        reduction=loss.reduction.value,
        soft_label=not hard,
        label_smoothing=loss.label_smoothing,
    )
    return total.reshape([len(targets)] if loss.reduction is Reduction.NONE else [])


def _value(loss: Loss, logits: Array, targets: Array) -> Array:
    total: Array = _total(loss, paddle.to_tensor(logits), targets).numpy()
    return total


def _gradient(
    loss: Loss,
    logits: Array,
    targets: Array,
    upstream: "Array | None" = None,
    *,
    again: bool = False,
) -> Array:
    z = paddle.to_tensor(logits, stop_gradient=False)
    total = _total(loss, z, targets)
    g = None if upstream is None else paddle.to_tensor(upstream)
    (slope,) = paddle.grad(total, z, grad_outputs=g, retain_graph=again)
    if again:
        (slope,) = paddle.grad(total, z, grad_outputs=g)
    array: Array = slope.numpy()
    return array


def functions_for(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the loss with its options, and its gradient.

    Raises
    ------
    ValueError
        For an option that Paddle does not offer, or not with another one.
    """
    options = "label_smoothing", "class_weights", "ignore_index", "reduction"
    weighted = loss.class_weights is not None
    require_offered(loss, *options, mean_over=MeanOver.WEIGHTS if weighted else MeanOver.KEPT)
    require_one_of(loss, "label_smoothing", "class_weights")
    require_one_of(loss, "label_smoothing", "ignore_index")
    if loss.ignore_index is not None and loss.ignore_index < 0:
        raise ValueError(
            f"ignore_index={loss.ignore_index} is claimed, and to the library a negative one means "
            "that no label is ignored; claim the index of a class, such as ignore_index=0"
        )
    value, gradient = partial(_value, loss), partial(_gradient, loss)
    if _labelled(loss):
        return {"loss": of_labels(value), "dE/dz": of_labels(gradient)}
    return {"loss": value, "dE/dz": gradient}


def second_backward_for(loss: Loss) -> Function:
    """Return what a second backward of the same graph returns."""
    return partial(_gradient, loss, again=True)


implementation = Implementation(
    name="paddle",
    functions={"softmax": softmax, **functions_for(Loss())},
    library="paddlepaddle",
    strides=Strides.NONE,  # The arrays are copied.
    takes_upstream=True,
    functions_for=functions_for,
    second_backward=second_backward_for(Loss()),
    second_backward_for=second_backward_for,
)
