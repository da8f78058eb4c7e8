"""The upstream gradient is left out of the backward.

The author tested ``loss.sum().backward()``, which hands over ones. The backward returns its own
slope and never looks at what it is given. A weight in front of the loss, a mixture of losses, or a
scale against underflow changes nothing then, and training goes on with wrong steps.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array, _upstream: Array) -> Array:
    """Return ``o_j - t_j``, whatever the upstream gradient is.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]), np.array([3.0]))
    array([[-0.5,  0.5]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    difference: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
    return difference


implementation = Flaw(
    name="upstream-gradient-ignored",
    functions={"dE/dz": gradient},
    takes_upstream=True,
    formula="dF/dz_rj = o_rj - t_rj, without g_r",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
    upstream=(2.0,),
)
