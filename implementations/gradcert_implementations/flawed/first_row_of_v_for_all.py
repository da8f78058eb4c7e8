"""The first row of v is used for all rows.

The vector that a backward is called with has a row for each row of the logits. A kernel adds the
offset of its row to the pointer of the outputs and forgets it for that of the vector. Or it was
tried with ones, as a sum hands them over, which are the same in every row. One row is right, and so
is every batch whose rows have the same vector.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["hessian_vector_product", "implementation", "log_softmax_backward", "softmax_backward"]


def softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``o_rj (v_0j - sum_k o_rk v_0k)`` in each row r.

    Examples
    --------
    >>> softmax_backward(np.zeros((2, 2)), np.array([[1.0, 0.0], [0.0, 0.0]]))
    array([[ 0.25, -0.25],
           [ 0.25, -0.25]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    result: Array = o * (v[:1] - (o * v[:1]).sum(axis=-1, keepdims=True))
    return result


def log_softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``v_0j - o_rj sum_k v_0k`` in each row r.

    Examples
    --------
    >>> log_softmax_backward(np.zeros((2, 2)), np.array([[1.0, 0.0], [0.0, 0.0]]))
    array([[ 0.5, -0.5],
           [ 0.5, -0.5]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    result: Array = v[:1] - o * v[:1].sum(axis=-1, keepdims=True)
    return result


def hessian_vector_product(logits: Array, targets: Array, v: Array) -> Array:
    """Return ``T_r o_rj (v_0j - sum_k o_rk v_0k)`` in each row r, with T_r the sum of its targets.

    Examples
    --------
    >>> t, v = np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 0.0]])
    >>> hessian_vector_product(np.zeros((2, 2)), t, v)
    array([[ 0.25, -0.25],
           [ 0.5 , -0.5 ]])
    """
    result: Array = targets.sum(axis=-1, keepdims=True) * softmax_backward(logits, v)
    return result


implementation = Flaw(
    name="first-row-of-v-for-all",
    functions={
        "softmax-backward": softmax_backward,
        "log-softmax-backward": log_softmax_backward,
        "hvp": hessian_vector_product,
    },
    formula="every row r has v_0 in the place of v_r",
    source="a common slip",
    kind=FlawKind.MEMORY,
    links=(),
    exposed_by=(((0.0, 0.0), (0.0, 0.0)), ((1.0, 0.0), (1.0, 0.0)), ((1.0, 0.0), (0.0, 0.0))),
)
