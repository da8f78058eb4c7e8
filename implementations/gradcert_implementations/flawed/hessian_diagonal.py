"""The diagonal of the Hessian in place of the Hessian.

Boosted trees and diagonal preconditioners need ``T o_j (1 - o_j)`` only, one number a class. A
library that has it offers it as the Hessian, and a product with a vector multiplies the numbers.
The entries ``-T o_i o_j`` off the diagonal are missing, as in the learner's chain rule. The product
of a vector of equal numbers is then not zero, although a common shift of all logits changes no
loss.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["hessian_vector_product", "implementation"]


def hessian_vector_product(logits: Array, targets: Array, v: Array) -> Array:
    """Return ``T o_j (1 - o_j) v_j``, with T the sum of the targets.

    Examples
    --------
    >>> hessian_vector_product(*np.array([[[0.0, 0.0]], [[1.0, 0.0]], [[1.0, 0.0]]]))
    array([[0.25, 0.  ]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    result: Array = targets.sum(axis=-1, keepdims=True) * o * (1 - o) * v
    return result


implementation = Flaw(
    name="hessian-diagonal",
    functions={"hvp": hessian_vector_product},
    formula="T o_j (1 - o_j) v_j",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),), ((1.0, 0.0),)),
)
