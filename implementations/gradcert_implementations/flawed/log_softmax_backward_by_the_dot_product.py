"""The backward rule of log-softmax with a dot product in it.

The rule of softmax subtracts the dot product of output and upstream gradient, and multiplies by the
output. The rule of log-softmax subtracts the softmax times the sum of the upstream gradient.
Kernels for both share their code, and only the last factor was dropped for log-softmax. What is
subtracted is then one number for all classes, made of logarithms where a sum belongs.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation", "log_softmax_backward"]


def log_softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``v_j - sum_k v_k y_k`` with ``y = ln o``.

    Examples
    --------
    >>> log_softmax_backward(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[1.69314718, 0.69314718]])
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    y = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    product: Array = np.where(v == 0, 0, v * y).sum(axis=-1, keepdims=True)
    return v - product


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``v_j - sum_k v_k y_k`` with ``y = ln o`` and ``v = -t``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-1.69314718, -0.69314718]])
    """
    return log_softmax_backward(logits, -targets)


implementation = Flaw(
    name="log-softmax-backward-by-the-dot-product",
    functions={"dE/dz": gradient, "log-softmax-backward": log_softmax_backward},
    formula="v_j - sum_k v_k ln o_k, with v = -t for dE/dz, where v_j - o_j sum_k v_k is right",
    source="reported in oneDNN #616, TVM PR 1201",
    kind=FlawKind.FORMULA,
    links=(
        "https://github.com/uxlfoundation/oneDNN/issues/616",
        "https://github.com/apache/tvm/pull/1201",
    ),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),), ((1.0, 0.0),)),
)
