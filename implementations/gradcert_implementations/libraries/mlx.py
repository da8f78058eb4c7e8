"""MLX: ``mlx.nn.losses.cross_entropy``, differentiated by ``mlx.core.grad``.

The documentation allows probabilities for each class as targets. MLX has all four formats, binary64
only on the CPU, where it runs here. On the CPU the sum is taken in the format of the logits, as the
documentation says.
https://ml-explore.github.io/mlx/build/html/python/nn/_autosummary_functions/mlx.nn.losses.cross_entropy.html
https://ml-explore.github.io/mlx/build/html/python/data_types.html
"""

import ml_dtypes
import mlx.core as mx
import numpy as np
from mlx import nn

from gradcert_implementations.interface import Array, Implementation, Strides
from gradcert_implementations.names import FORMAT_NAMES

__all__ = ["gradient", "implementation", "loss", "softmax"]

_BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def _taken(array: Array) -> mx.array:
    return mx.array(array, dtype=getattr(mx, array.dtype.name))


def _given(result: mx.array) -> Array:
    if result.dtype == mx.bfloat16:
        return np.array(result.astype(mx.float32)).astype(_BFLOAT16)
    return np.array(result)


def softmax(logits: Array) -> Array:
    """Return ``mlx.core.softmax``."""
    with mx.stream(mx.cpu):
        return _given(mx.softmax(_taken(logits), axis=-1))


def loss(logits: Array, targets: Array) -> Array:
    """Return ``mlx.nn.losses.cross_entropy`` of each row."""
    with mx.stream(mx.cpu):
        return _given(nn.losses.cross_entropy(_taken(logits), _taken(targets)))


def gradient(logits: Array, targets: Array) -> Array:
    """Return the gradient of the sum of ``mlx.nn.losses.cross_entropy`` over the rows."""
    with mx.stream(mx.cpu):
        t = _taken(targets)
        slope = mx.grad(lambda z: nn.losses.cross_entropy(z, t, reduction="sum"))
        return _given(slope(_taken(logits)))


implementation = Implementation(
    name="mlx",
    functions={"softmax": softmax, "loss": loss, "dE/dz": gradient},
    formats=FORMAT_NAMES,
    library="mlx",
    strides=Strides.NONE,  # The arrays are copied.
)
