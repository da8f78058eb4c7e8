"""The backward of log-softmax, called with log-probabilities.

An autograd function gets what its forward has stored, and not the logits. The stored logarithms
were rounded to the format, so their exponentials do not quite sum to one, and nobody divides by
their sum again. The exponential is a power of two, and 16-bit formats are widened to binary32.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation
from gradcert_implementations.names import FORMAT_NAMES

__all__ = ["implementation", "log_softmax_backward"]


def log_softmax_backward(log_probabilities: Array, v: Array) -> Array:
    """Return ``v_j - exp(y_j) sum_k v_k`` for the logarithms y of a softmax.

    Examples
    --------
    >>> log_softmax_backward(np.log([[0.5, 0.5]]), np.array([[1.0, 0.0]]))
    array([[ 0.5, -0.5]])
    """
    wide = np.promote_types(log_probabilities.dtype, np.float32)
    y, slopes = log_probabilities.astype(wide), v.astype(wide)
    total = slopes.sum(axis=1, keepdims=True)
    result: Array = slopes - np.exp2(y * wide.type(np.log2(np.e))) * total
    return result.astype(v.dtype)


implementation = Implementation(
    name="log-softmax-backward-called-with-logarithms",
    functions={"log-softmax-backward": log_softmax_backward},
    formats=FORMAT_NAMES,
    takes_outputs=True,
)
