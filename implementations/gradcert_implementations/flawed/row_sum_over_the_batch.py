"""The row sum of a backward rule taken over the whole batch.

The backward rules of softmax and log-softmax subtract one sum from each row. Written for one
vector, the sum has no axis. Called with a batch it adds up all rows, and the broadcast takes the
one number without a word. A kernel does the same where its rows add to one address, or where it
does not set the sum to zero between rows. A batch of one row is right.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["hessian_vector_product", "implementation", "log_softmax_backward", "softmax_backward"]


def softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``o_rj (v_rj - sum_ak o_ak v_ak)``, with the sum over all rows a of the batch.

    Examples
    --------
    >>> softmax_backward(np.zeros((2, 2)), np.array([[1.0, 0.0], [0.0, 0.0]]))
    array([[ 0.25, -0.25],
           [-0.25, -0.25]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    result: Array = o * (v - (o * v).sum())
    return result


def log_softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``v_rj - o_rj sum_ak v_ak``, with the sum over all rows a of the batch.

    Examples
    --------
    >>> log_softmax_backward(np.zeros((2, 2)), np.array([[1.0, 0.0], [0.0, 0.0]]))
    array([[ 0.5, -0.5],
           [-0.5, -0.5]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    result: Array = v - o * v.sum()
    return result


def hessian_vector_product(logits: Array, targets: Array, v: Array) -> Array:
    """Return ``T_r o_rj (v_rj - sum_ak o_ak v_ak)``, with T_r the sum of the row's targets.

    Examples
    --------
    >>> t, v = np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 0.0]])
    >>> hessian_vector_product(np.zeros((2, 2)), t, v)
    array([[ 0.25, -0.25],
           [-0.5 , -0.5 ]])
    """
    result: Array = targets.sum(axis=-1, keepdims=True) * softmax_backward(logits, v)
    return result


implementation = Flaw(
    name="row-sum-over-the-batch",
    functions={
        "softmax-backward": softmax_backward,
        "log-softmax-backward": log_softmax_backward,
        "hvp": hessian_vector_product,
    },
    formula="every row has the sum over the whole batch in place of its own",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0), (0.0, 0.0)), ((1.0, 0.0), (1.0, 0.0)), ((1.0, 0.0), (0.0, 0.0))),
)
