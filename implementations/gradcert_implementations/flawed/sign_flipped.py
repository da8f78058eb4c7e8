"""The gradient with its sign flipped.

People remember that the gradient is the difference of the probability and the target, but not which
one is subtracted. They often see the formula as an update, which goes against the gradient, or in
texts that maximise the log-likelihood. In a loss that should be minimised it climbs. Everything
else is right: it sums to zero, and it is zero where it should be.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``t_j - o_j``, which is the direction to step in and not the gradient.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[ 0.5, -0.5]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return targets - o


implementation = Flaw(
    name="sign-flipped",
    functions={"dE/dz": gradient},
    formula="dE/dz_j = t_j - o_j",
    source="the question that gradcert grew from",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
