"""A log-sum-exp to base two, from which the backward pass computes the probabilities.

Attention kernels store one number of each row for the backward pass, the logarithm of the sum to
base two, and compute a probability from it as ``2 ** (z_j log2(e) - lse2)``. Triton's tutorial on
fused attention does so. It is right, and loses a little more than a log-sum-exp to base e, because
each product ``z_j log2(e)`` is rounded too.
https://triton-lang.org/main/getting-started/tutorials/06-fused-attention.html
"""

import math

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``2 ** (z_j log2(e) - lse2) - t_j``, ``lse2`` the log-sum-exp to base two.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    scaled = logits * logits.dtype.type(math.log2(math.e))
    largest = scaled.max(axis=1, keepdims=True)
    log2_sum = largest + np.log2(np.exp2(scaled - largest).sum(axis=1, keepdims=True))
    difference: Array = np.exp2(scaled - log2_sum) - targets
    return difference


implementation = Implementation(name="base-two-log-sum-exp", functions={"dE/dz": gradient})
