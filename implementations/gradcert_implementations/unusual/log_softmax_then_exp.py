"""The exponential of the log-probability.

The forward pass of the usual loss keeps only the log-probability, and the backward pass takes its
exponential. The rounding error of the log-probability, which is large if the probability is small,
becomes a relative error of the result.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``exp(l_j) - t_j``, ``l_j = (z_j - m) - ln sum_k exp(z_k - m)``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_softmax = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    difference: Array = np.exp(log_softmax) - targets
    return difference


implementation = Implementation(name="log-softmax-then-exp", functions={"dE/dz": gradient})
