"""The chain rule with the diagonal of the softmax Jacobian only.

``dE/do_j = -t_j / o_j`` is right and ``do_j/dz_j = o_j (1 - o_j)`` is right, but their product is
wrong. Every o_i depends on every z_j, so the chain rule sums over all i, with
``do_i/dz_j = -o_i o_j`` off the diagonal.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``t_j o_j - t_j``, although the other outputs depend on z_j too.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0. ]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return targets * o - targets


implementation = Flaw(
    name="diagonal-only",
    functions={"dE/dz": gradient},
    formula="dE/dz_j = t_j o_j - t_j",
    source="the question that gradcert grew from",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
