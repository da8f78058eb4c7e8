"""The backward rule of softmax used for log-softmax.

Both functions have a backward that subtracts a sum from the upstream gradient, and many kernels
share one template. Softmax subtracts ``sum_k o_k v_k`` and multiplies by the output. Log-softmax
subtracts its output times ``sum_k v_k``, and multiplies nothing. With the wrong rule each class is
damped by its own probability, and an unlikely class learns next to nothing.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["implementation", "log_softmax_backward"]


def log_softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``o_j (v_j - sum_k o_k v_k)``, the rule of softmax.

    Examples
    --------
    >>> log_softmax_backward(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[ 0.25, -0.25]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    result: Array = o * (v - (o * v).sum(axis=-1, keepdims=True))
    return result


implementation = Flaw(
    name="softmax-backward-for-log-softmax",
    functions={"log-softmax-backward": log_softmax_backward},
    formula="o_j (v_j - sum_k o_k v_k) where v_j - o_j sum_k v_k is right",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),), ((1.0, 0.0),)),
)
