"""The sum of the targets multiplies one of two terms of the Hessian.

The Hessian of the cross-entropy is ``T (diag(o) - o o^T)``, with T the sum of the targets. In a
product with a vector it has two terms. T comes in where a gradient ``o_j T - t_j`` is
differentiated by hand, and stays with the sum, where it is one number a row. The other term has
none. With one-hot labels T is one, and both terms are right.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Domain

__all__ = ["hessian_vector_product", "implementation"]


def hessian_vector_product(logits: Array, targets: Array, v: Array) -> Array:
    """Return ``o_j v_j - T o_j sum_k o_k v_k``, with T the sum of the targets.

    Examples
    --------
    >>> hessian_vector_product(*np.array([[[0.0, 0.0]], [[1.0, 1.0]], [[1.0, 0.0]]]))
    array([[ 0. , -0.5]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    weighted = o * v
    whole = targets.sum(axis=-1, keepdims=True) * weighted.sum(axis=-1, keepdims=True)
    result: Array = weighted - o * whole
    return result


implementation = Flaw(
    name="target-sum-in-one-term",
    functions={"hvp": hessian_vector_product},
    domain=Domain(targets="any"),
    formula="o_j v_j - T o_j sum_k o_k v_k, where T belongs before both terms",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 1.0),), ((1.0, 0.0),)),
)
