"""Products in 16 bits, their row sum in binary32.

An attention kernel keeps its outputs and the upstream gradient in 16 bits, and multiplies them
there. The sum over the row is done in binary32, since it would stop growing in 16 bits. So each
product is rounded once to 16 bits, and the sum is rounded there only when it is subtracted.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["implementation", "softmax_backward"]


def softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``o_j (v_j - sum_k o_k v_k)``, with rounded products and the sum in binary32.

    Examples
    --------
    >>> softmax_backward(*np.array([[[0.0, 0.0]], [[1.0, 0.0]]], np.float16))
    array([[ 0.25, -0.25]], dtype=float16)
    """
    wide = logits.astype(np.float32)
    powers = np.exp(wide - wide.max(axis=1, keepdims=True))
    o: Array = (powers / powers.sum(axis=1, keepdims=True)).astype(logits.dtype)
    total = (o * v).sum(axis=1, keepdims=True, dtype=np.float32)
    result: Array = o * (v - total.astype(v.dtype))
    return result


implementation = Implementation(
    name="row-sum-of-rounded-products",
    functions={"softmax-backward": softmax_backward},
    formats=("binary16", "bfloat16"),
)
