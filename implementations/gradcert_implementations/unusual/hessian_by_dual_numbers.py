"""The Hessian times a vector, as the derivative of the gradient along the vector.

Forward mode carries a derivative beside each number: that of ``exp(z_j - m)`` is itself times
``v_j``, and that of the sum is their sum. The shift m counts as a constant, because it changes
nothing. The quotient rule then gives the derivative of o, and T of these is that of ``T o - t``. No
Jacobian is written down, and no second backward is needed.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["hessian_vector_product", "implementation"]


def hessian_vector_product(logits: Array, targets: Array, v: Array) -> Array:
    """Return the derivative of ``T o_j - t_j`` along v, by the rule for quotients.

    Examples
    --------
    >>> hessian_vector_product(*np.array([[[0.0, 0.0]], [[0.5, 1.5]], [[1.0, 0.0]]]))
    array([[ 0.5, -0.5]])
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    total = powers.sum(axis=1, keepdims=True)
    powers_along = powers * v
    total_along = powers_along.sum(axis=1, keepdims=True)
    o = powers / total
    along: Array = (powers_along - o * total_along) / total
    result: Array = targets.sum(axis=1, keepdims=True) * along
    return result


implementation = Implementation(
    name="hessian-by-dual-numbers", functions={"hvp": hessian_vector_product}
)
