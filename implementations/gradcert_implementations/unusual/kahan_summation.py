"""The normaliser summed with a correction of each addition, after Kahan.

What an addition rounds away is computed too, and subtracted from the next term, so that the error
does not grow with the number of terms: W. Kahan, "Further remarks on reducing truncation errors",
Commun. ACM 8 (1965). Here 64 threads take every 64th class each. Each of them corrects its own sum,
and the sums are then added with a correction too.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]

_THREADS = 64


def _corrected_sum(terms: Array) -> Array:
    """Return the sum over the first axis, one term after the other."""
    total: Array = np.zeros_like(terms[0])
    correction = total
    for term in terms:
        wanted = term - correction
        grown = total + wanted
        correction = (grown - total) - wanted
        total = grown
    return total


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with ``sum_k exp(z_k - m)`` corrected after each addition.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    rows, classes = logits.shape
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    steps = -(-classes // _THREADS)
    padded = np.zeros((rows, steps * _THREADS), logits.dtype)
    padded[:, :classes] = powers
    of_threads = _corrected_sum(padded.reshape(rows, steps, _THREADS).swapaxes(0, 1))
    total = _corrected_sum(of_threads.T)
    difference: Array = powers / total[:, None] - targets
    return difference


implementation = Implementation(name="kahan-summation", functions={"dE/dz": gradient})
