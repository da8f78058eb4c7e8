"""The backward of log-softmax from its stored outputs, which are logarithms.

The forward pass stores ``y = ln o`` and not o. The backward takes the exponential of y where it
needs the softmax: ``v - exp(y) sum v``. What the rounding of y does to its exponential grows with
the size of y, and the probability shrinks faster.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["implementation", "log_softmax_backward"]


def log_softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``v_j - exp(y_j) sum_k v_k`` with ``y_j = z_j - m - ln sum_k exp(z_k - m)``.

    Examples
    --------
    >>> log_softmax_backward(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[ 0.5, -0.5]])
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    y = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    result: Array = v - np.exp(y) * v.sum(axis=1, keepdims=True)
    return result


implementation = Implementation(
    name="log-softmax-backward-from-outputs",
    functions={"log-softmax-backward": log_softmax_backward},
)
