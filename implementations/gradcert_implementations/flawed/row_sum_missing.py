"""The row sum missing in the backward of softmax.

The rule of an elementwise function multiplies the upstream gradient by a slope, and softmax is
written like one. What is missing is ``o_j sum_k o_k v_k``, one number for each row times its
outputs. A kernel that has the sum in a second pass, or in another kernel, has it missing where that
pass is left out. The largest output still gets the largest value, so training goes on, and only
slower.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["hessian_vector_product", "implementation", "softmax_backward"]


def softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``o_j v_j``, without ``o_j sum_k o_k v_k``.

    Examples
    --------
    >>> softmax_backward(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[0.5, 0. ]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return o * v


def hessian_vector_product(logits: Array, targets: Array, v: Array) -> Array:
    """Return ``T o_j v_j``, with T the sum of the targets.

    Examples
    --------
    >>> hessian_vector_product(*np.array([[[0.0, 0.0]], [[0.5, 1.5]], [[1.0, 0.0]]]))
    array([[1., 0.]])
    """
    result: Array = targets.sum(axis=-1, keepdims=True) * softmax_backward(logits, v)
    return result


implementation = Flaw(
    name="row-sum-missing",
    functions={"softmax-backward": softmax_backward, "hvp": hessian_vector_product},
    formula="o_j v_j where o_j v_j - o_j sum_k o_k v_k is right",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),), ((1.0, 0.0),)),
)
