"""tinygrad: ``Tensor.cross_entropy``, differentiated by ``Tensor.gradient``.

The documentation allows class probabilities as targets and refers to PyTorch's ``cross_entropy``.
It offers ``label_smoothing`` and the reductions none, sum and mean. For class indices there is also
``ignore_index``, in ``Tensor.sparse_categorical_crossentropy``, and ``weight`` for each class, in
``Tensor.nll_loss`` after ``log_softmax``. tinygrad has all four formats. It cannot take bfloat16
from NumPy, so bfloat16 travels as binary32, without loss. It runs on its interpreter,
``DEV=PYTHON``, which needs no compiler and is slow. The variable ``DEV`` chooses another device.
https://docs.tinygrad.org/tensor/ops/#tinygrad.Tensor.cross_entropy
https://docs.tinygrad.org/tensor/ops/#tinygrad.Tensor.sparse_categorical_crossentropy
https://docs.tinygrad.org/tensor/ops/#tinygrad.Tensor.nll_loss
https://docs.tinygrad.org/dtypes/
"""

import os
from collections.abc import Mapping
from functools import partial

import ml_dtypes
import numpy as np

os.environ.setdefault("DEV", "PYTHON")

from tinygrad import Device, Tensor, dtypes

from gradcert_implementations.adapters.labels import class_indices
from gradcert_implementations.adapters.offered import of_labels, require_offered, require_one_of
from gradcert_implementations.interface import (
    Array,
    Function,
    Implementation,
    Loss,
    MeanOver,
    Strides,
)
from gradcert_implementations.names import FORMAT_NAMES, QuantityName

__all__ = ["functions_for", "implementation", "softmax"]

_BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def _tensor(array: Array) -> Tensor:
    if array.dtype == _BFLOAT16:
        return Tensor(array.astype(np.float32)).cast(dtypes.bfloat16)
    return Tensor(array)


def _array(tensor: Tensor) -> Array:
    if tensor.dtype == dtypes.bfloat16:
        return np.array(tensor.cast(dtypes.float32).numpy()).astype(_BFLOAT16)
    return np.array(tensor.numpy())


def softmax(logits: Array) -> Array:
    """Return ``Tensor.softmax``."""
    return _array(_tensor(logits).softmax())


def _total(loss: Loss, z: Tensor, targets: Array) -> Tensor:
    """Return the loss, by the function that has its options."""
    reduction, weights = loss.reduction.value, loss.weights(targets.shape[1])
    if weights:
        return z.log_softmax().nll_loss(
            Tensor(class_indices(targets, loss.ignore_index)),
            weight=_tensor(np.array(weights).astype(targets.dtype)),
            ignore_index=loss.ignore_index,
            reduction=reduction,
        )
    if loss.ignore_index is not None:
        return z.sparse_categorical_crossentropy(
            Tensor(class_indices(targets, loss.ignore_index)),
            ignore_index=loss.ignore_index,
            label_smoothing=loss.label_smoothing,
            reduction=reduction,
        )
    return z.cross_entropy(
        _tensor(targets), label_smoothing=loss.label_smoothing, reduction=reduction
    )


def _value(loss: Loss, logits: Array, targets: Array) -> Array:
    return _array(_total(loss, _tensor(logits), targets))


def _gradient(loss: Loss, logits: Array, targets: Array, upstream: "Array | None" = None) -> Array:
    z = _tensor(logits)
    total = _total(loss, z, targets)
    g = total.ones_like() if upstream is None else _tensor(upstream)
    (slope,) = total.gradient(z, gradient=g)
    return _array(slope)


def functions_for(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the loss with its options, and its gradient.

    Raises
    ------
    ValueError
        For an option that tinygrad does not offer, or not with another one.
    """
    weighted = loss.class_weights is not None
    require_offered(
        loss,
        "label_smoothing",
        "class_weights",
        "ignore_index",
        "reduction",
        mean_over=MeanOver.WEIGHTS if weighted else MeanOver.KEPT,
    )
    require_one_of(loss, "class_weights", "label_smoothing")
    value, gradient = partial(_value, loss), partial(_gradient, loss)
    if weighted:
        return {"loss": of_labels(value), "dE/dz": of_labels(gradient)}
    return {"loss": value, "dE/dz": gradient}


implementation = Implementation(
    name="tinygrad",
    functions={"softmax": softmax, **functions_for(Loss())},
    formats=FORMAT_NAMES,
    library="tinygrad",
    device=Device.DEFAULT.lower(),
    compiles_per_shape=True,
    strides=Strides.NONE,  # The arrays are copied.
    takes_upstream=True,
    functions_for=functions_for,
)
