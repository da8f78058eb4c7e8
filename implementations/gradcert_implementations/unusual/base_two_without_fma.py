"""Powers of two of products that are rounded one by one, without a fused multiply-add.

Kernels compute ``exp(z_j - m)`` as ``2 ** (z_j log2(e) - m log2(e))``, with ``m log2(e)`` once for
the row: a fused multiply-add then does the multiplication and the subtraction together, as in
FlashAttention. Where the compiler does not fuse them, or the language has no such operation, each
product is rounded, by up to half a unit in the last place of a number as large as the logit. Far
from zero this costs as much as a log-sum-exp does.
"""

import math

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with ``exp(z_k - m)`` as ``2 ** (z_k log2(e) - m log2(e))``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    scaled = logits * logits.dtype.type(math.log2(math.e))
    powers = np.exp2(scaled - scaled.max(axis=1, keepdims=True))
    difference: Array = powers / powers.sum(axis=1, keepdims=True) - targets
    return difference


implementation = Implementation(name="base-two-without-fma", functions={"dE/dz": gradient})
