"""Powers of two whose exponents come from a fused multiply-add.

FlashAttention computes ``exp(z_j - m)`` as ``2 ** fma(z_j, log2(e), -m log2(e))``. The product
``m log2(e)`` is rounded once for the row, which all terms share and the quotient cancels. The rest
of each exponent is rounded once. Without the fusion every product has a rounding of its own
(`base-two-without-fma`). Here binary64 stands in for the fused operation: it holds the product of
two numbers of a narrower format exactly.
"""

import math

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with ``exp(z_k - m)`` as ``2 ** fma(z_k, log2(e), -m log2(e))``.

    Examples
    --------
    >>> gradient(np.array([[0, 0]], dtype=np.float32), np.array([[1, 0]], dtype=np.float32))
    array([[-0.5,  0.5]], dtype=float32)
    """
    z = logits.astype(np.float32)
    log2_e = np.float32(math.log2(math.e))
    offset = z.max(axis=1, keepdims=True) * log2_e
    fused = z.astype(np.float64) * np.float64(log2_e) - offset
    powers = np.exp2(fused.astype(np.float32))
    difference: Array = powers / powers.sum(axis=1, keepdims=True) - targets.astype(np.float32)
    return difference.astype(logits.dtype)


implementation = Implementation(
    name="base-two-with-fma",
    functions={"dE/dz": gradient},
    formats=("binary32", "binary16", "bfloat16"),
)
