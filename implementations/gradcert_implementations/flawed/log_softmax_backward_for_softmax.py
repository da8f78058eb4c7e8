"""The backward rule of log-softmax used for softmax.

Both functions have a backward that subtracts a sum from the upstream gradient, and many kernels
share one template. The rule ``v_j - o_j sum_k v_k`` is that of log-softmax. Used for softmax, it
lacks the outputs that multiply the differences. The values are much too large where there are many
classes, and they still sum to zero in every row.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["implementation", "softmax_backward"]


def softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``v_j - o_j sum_k v_k``, the rule of log-softmax.

    Examples
    --------
    >>> softmax_backward(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[ 0.5, -0.5]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    result: Array = v - o * v.sum(axis=-1, keepdims=True)
    return result


implementation = Flaw(
    name="log-softmax-backward-for-softmax",
    functions={"softmax-backward": softmax_backward},
    formula="v_j - o_j sum_k v_k where o_j (v_j - sum_k o_k v_k) is right",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),), ((1.0, 0.0),)),
)
