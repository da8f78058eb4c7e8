"""The row sum of a backward rule with a correction of each addition.

The sum ``sum_k o_k v_k`` has terms of both signs, and what an addition rounds away may be all that
is left in the end. Neumaier's form of Kahan's sum keeps it: the correction is taken from the larger
of the two numbers that were added, because a term may be larger than the sum so far (A. Neumaier,
ZAMM 54, 1974). Here 64 threads take every 64th class each, and their sums are added in the same
way.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["hessian_vector_product", "implementation", "log_softmax_backward", "softmax_backward"]

_THREADS = 64


def _corrected(terms: Array) -> Array:
    """Return the sum over the first axis, one term after the other."""
    total: Array = np.zeros_like(terms[0])
    lost = total
    for term in terms:
        grown = total + term
        larger = np.abs(total) >= np.abs(term)
        lost = lost + np.where(larger, (total - grown) + term, (term - grown) + total)
        total = grown
    return total + lost


def _sum(terms: Array) -> Array:
    """Return the sum over the classes of each row, in a column."""
    rows, classes = terms.shape
    steps = -(-classes // _THREADS)
    padded = np.zeros((rows, steps * _THREADS), terms.dtype)
    padded[:, :classes] = terms
    of_threads = _corrected(padded.reshape(rows, steps, _THREADS).swapaxes(0, 1))
    return _corrected(of_threads.T)[:, None]


def _softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    o: Array = powers / _sum(powers)
    return o


def softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``o_j (v_j - sum_k o_k v_k)``, with corrected sums.

    Examples
    --------
    >>> softmax_backward(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[ 0.25, -0.25]])
    """
    o = _softmax(logits)
    result: Array = o * (v - _sum(o * v))
    return result


def log_softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``v_j - o_j sum_k v_k``, with corrected sums.

    Examples
    --------
    >>> log_softmax_backward(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[ 0.5, -0.5]])
    """
    result: Array = v - _softmax(logits) * _sum(v)
    return result


def hessian_vector_product(logits: Array, targets: Array, v: Array) -> Array:
    """Return ``T o_j (v_j - sum_k o_k v_k)``, with corrected sums.

    Examples
    --------
    >>> hessian_vector_product(*np.array([[[0.0, 0.0]], [[0.5, 1.5]], [[1.0, 0.0]]]))
    array([[ 0.5, -0.5]])
    """
    return _sum(targets) * softmax_backward(logits, v)


implementation = Implementation(
    name="compensated-row-sum",
    functions={
        "softmax-backward": softmax_backward,
        "log-softmax-backward": log_softmax_backward,
        "hvp": hessian_vector_product,
    },
)
