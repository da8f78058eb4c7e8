"""Twice the diagonal of the Hessian in place of the Hessian.

Boosted trees take steps class by class. They use ``2 o_j (1 - o_j)``, which is never less than what
the Hessian does to a step, so that no step is too long. Some libraries have it in place of the
second derivative on purpose. Taken over as the Hessian of the loss it is wrong in every entry: the
diagonal is twice too large, and all else is missing.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["hessian_vector_product", "implementation"]


def hessian_vector_product(logits: Array, targets: Array, v: Array) -> Array:
    """Return ``2 T o_j (1 - o_j) v_j``, with T the sum of the targets.

    Examples
    --------
    >>> hessian_vector_product(*np.array([[[0.0, 0.0]], [[1.0, 0.0]], [[1.0, 0.0]]]))
    array([[0.5, 0. ]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    result: Array = 2 * targets.sum(axis=-1, keepdims=True) * o * (1 - o) * v
    return result


implementation = Flaw(
    name="hessian-diagonal-doubled",
    functions={"hvp": hessian_vector_product},
    formula="2 T o_j (1 - o_j) v_j",
    source="used on purpose in XGBoost #638, FATE PR 4828",
    kind=FlawKind.FORMULA,
    links=(
        "https://github.com/dmlc/xgboost/issues/638",
        "https://github.com/FederatedAI/FATE/pull/4828",
    ),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),), ((1.0, 0.0),)),
)
