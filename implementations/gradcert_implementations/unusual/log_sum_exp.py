"""The exponential of the logits less their log-sum-exp, without a division.

This is the shortest way if a library offers log-sum-exp. It is right, and less accurate than the
division: the rounding error of the log-sum-exp, which is as large as the logits, becomes a relative
error of every probability. P. Blanchard, D. J. Higham and N. J. Higham advise against it in
"Accurately computing the log-sum-exp and softmax functions", IMA J. Numer. Anal. 41 (2021).
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``exp(z_j - lse(z)) - t_j``, ``lse(z) = m + ln sum_k exp(z_k - m)``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    largest = logits.max(axis=1, keepdims=True)
    total = np.exp(logits - largest).sum(axis=1, keepdims=True)
    log_sum_exp = largest + np.log(total)
    difference: Array = np.exp(logits - log_sum_exp) - targets
    return difference


implementation = Implementation(name="log-sum-exp", functions={"dE/dz": gradient})
