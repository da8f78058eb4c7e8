"""The row sum of a backward rule divided by the number of classes.

The backward rules of softmax and log-softmax need one sum for each row. Next to layer norm, whose
backward needs two means, the sum is written as a mean. Or a reduction that a library offers divides
by the number of elements unless it is asked not to. With one class all is right. With many classes
next to nothing of the sum is left, and the answer is nearly that without it.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["hessian_vector_product", "implementation", "log_softmax_backward", "softmax_backward"]


def softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``o_j (v_j - mean_k o_k v_k)``.

    Examples
    --------
    >>> softmax_backward(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[ 0.375, -0.125]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    result: Array = o * (v - (o * v).mean(axis=-1, keepdims=True))
    return result


def log_softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``v_j - o_j mean_k v_k``.

    Examples
    --------
    >>> log_softmax_backward(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[ 0.75, -0.25]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    result: Array = v - o * v.mean(axis=-1, keepdims=True)
    return result


def hessian_vector_product(logits: Array, targets: Array, v: Array) -> Array:
    """Return ``T o_j (v_j - mean_k o_k v_k)``, with T the sum of the targets.

    Examples
    --------
    >>> hessian_vector_product(*np.array([[[0.0, 0.0]], [[0.5, 1.5]], [[1.0, 0.0]]]))
    array([[ 0.75, -0.25]])
    """
    result: Array = targets.sum(axis=-1, keepdims=True) * softmax_backward(logits, v)
    return result


implementation = Flaw(
    name="row-mean-for-row-sum",
    functions={
        "softmax-backward": softmax_backward,
        "log-softmax-backward": log_softmax_backward,
        "hvp": hessian_vector_product,
    },
    formula="o_j (v_j - sum_k o_k v_k / n), and v_j - o_j sum_k v_k / n, with n classes",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),), ((1.0, 0.0),)),
)
