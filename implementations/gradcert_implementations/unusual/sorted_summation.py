"""The normaliser summed from its smallest term to its largest.

The classical advice for a sum of positive terms: small terms meet a partial sum that is still
small, so they are not lost one by one against a large one. N. J. Higham, *Accuracy and Stability of
Numerical Algorithms* (2nd edition, 2002), chapter 4.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with ``sum_k exp(z_k - m)`` taken in ascending order of its terms.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    total = np.zeros(len(logits), dtype=logits.dtype)
    for term in np.sort(powers, axis=1).T:
        total = total + term
    difference: Array = powers / total[:, None] - targets
    return difference


implementation = Implementation(name="sorted-summation", functions={"dE/dz": gradient})
