"""The backward of softmax, called with its outputs, as a product less a product.

An autograd function gets what its forward has stored, and not the logits. PyTorch's kernels and
fused attention have this signature. ``y v`` is written first, and ``y (y . v)`` is subtracted from
it. The dot product is a tensor contraction, and 16-bit formats are widened to binary32 for it.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation
from gradcert_implementations.names import FORMAT_NAMES

__all__ = ["implementation", "softmax_backward"]


def softmax_backward(outputs: Array, v: Array) -> Array:
    """Return ``y_j v_j - y_j sum_k y_k v_k`` for the outputs y of a softmax.

    Examples
    --------
    >>> softmax_backward(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]))
    array([[ 0.25, -0.25]])
    """
    wide = np.promote_types(outputs.dtype, np.float32)
    y, slopes = outputs.astype(wide), v.astype(wide)
    result: Array = y * slopes
    result -= y * np.einsum("bj,bj->b", y, slopes)[:, np.newaxis]
    return result.astype(outputs.dtype)


implementation = Implementation(
    name="softmax-backward-called-with-outputs",
    functions={"softmax-backward": softmax_backward},
    formats=FORMAT_NAMES,
    takes_outputs=True,
)
