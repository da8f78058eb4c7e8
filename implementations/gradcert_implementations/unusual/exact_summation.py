"""The normaliser summed exactly and rounded once, by `math.fsum`.

A reproducible sum gives this result in every order of its terms. `math.fsum` keeps the exact sum as
partial sums that do not overlap: J. R. Shewchuk, "Adaptive precision floating-point arithmetic and
fast robust geometric predicates", Discrete Comput. Geom. 18 (1997).
"""

import math

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with the exact sum of the rounded ``exp(z_k - m)``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    totals = np.array([math.fsum(row) for row in powers.tolist()], dtype=logits.dtype)
    difference: Array = powers / totals[:, None] - targets
    return difference


implementation = Implementation(name="exact-summation", functions={"dE/dz": gradient})
