"""tinygrad: ``Tensor.cross_entropy``, differentiated by ``Tensor.gradient``.

The documentation allows class probabilities as targets and refers to PyTorch's ``cross_entropy``.
tinygrad has all four formats. It cannot take bfloat16 from NumPy, so bfloat16 travels as binary32,
without loss. It runs on its interpreter, ``DEV=PYTHON``, which needs no compiler and is slow. The
variable ``DEV`` chooses another device.
https://docs.tinygrad.org/tensor/ops/#tinygrad.Tensor.cross_entropy
https://docs.tinygrad.org/dtypes/
"""

import os

import ml_dtypes
import numpy as np

os.environ.setdefault("DEV", "PYTHON")

from tinygrad import Device, Tensor, dtypes

from gradcert_implementations.interface import Array, Implementation, Strides
from gradcert_implementations.names import FORMAT_NAMES

__all__ = ["gradient", "implementation", "loss", "softmax"]

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


def loss(logits: Array, targets: Array) -> Array:
    """Return ``Tensor.cross_entropy`` of each row."""
    return _array(_tensor(logits).cross_entropy(_tensor(targets), reduction="none"))


def gradient(logits: Array, targets: Array) -> Array:
    """Return the gradient of the sum of ``Tensor.cross_entropy`` over the rows."""
    z = _tensor(logits)
    (slope,) = z.cross_entropy(_tensor(targets), reduction="sum").gradient(z)
    return _array(slope)


implementation = Implementation(
    name="tinygrad",
    functions={"softmax": softmax, "loss": loss, "dE/dz": gradient},
    formats=FORMAT_NAMES,
    library="tinygrad",
    device=Device.DEFAULT.lower(),
    strides=Strides.NONE,  # The arrays are copied.
)
