"""The normaliser summed from the last class to the first.

A loop that counts down to zero saves a comparison, and a stack is emptied in this order. Addition
is not associative: the sum may differ from that of a forward loop in its last bits, and neither of
the two is better.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with ``sum_k exp(z_k - m)`` taken from ``k = n - 1`` down to 0.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    partial_sums = np.cumsum(powers[:, ::-1], axis=1)
    difference: Array = powers / partial_sums[:, -1:] - targets
    return difference


implementation = Implementation(name="reverse-summation", functions={"dE/dz": gradient})
