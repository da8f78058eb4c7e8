"""Shifted by the maximum rounded up to a whole number.

With whole numbers as shifts, an online softmax to base two scales by exact powers of two. To base e
a whole shift has another use: the maxima of two blocks are often equal after rounding, and then
nothing is rescaled. The largest exponential lies between 1/e and 1.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with ``exp(z_k - c)``, ``c`` the smallest integer from ``m`` up.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    powers = np.exp(logits - np.ceil(logits.max(axis=1, keepdims=True)))
    difference: Array = powers / powers.sum(axis=1, keepdims=True) - targets
    return difference


implementation = Implementation(name="ceiling-shift", functions={"dE/dz": gradient})
