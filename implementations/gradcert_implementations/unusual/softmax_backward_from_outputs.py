"""The backward of softmax from its stored outputs, as a difference of two products.

A forward pass stores its outputs in the format, and the backward reads them and not the logits:
``y v - y (y . v)``. The weighted outputs ``y v`` are needed for the sum anyway, so they are not
computed again. Where all v are nearly equal, two nearly equal products are subtracted; what they
lose is small beside them.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation
from gradcert_implementations.names import FORMAT_NAMES

__all__ = ["implementation", "softmax_backward"]


def _stored_outputs(logits: Array) -> Array:
    wide = logits.astype(np.float32) if logits.dtype.itemsize == 2 else logits
    powers = np.exp(wide - wide.max(axis=1, keepdims=True))
    y: Array = powers / powers.sum(axis=1, keepdims=True)
    return y.astype(logits.dtype)


def softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``y_j v_j - y_j sum_k y_k v_k``, with the outputs y rounded to the format.

    Examples
    --------
    >>> softmax_backward(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[ 0.25, -0.25]])
    """
    y = _stored_outputs(logits)
    if y.dtype.itemsize == 2:
        y, v = y.astype(np.float32), v.astype(np.float32)
    weighted = y * v
    result: Array = weighted - y * weighted.sum(axis=1, keepdims=True)
    return result.astype(logits.dtype)


implementation = Implementation(
    name="softmax-backward-from-outputs",
    functions={"softmax-backward": softmax_backward},
    formats=FORMAT_NAMES,
)
