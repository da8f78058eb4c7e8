"""The upstream gradient is skipped where its first number is one.

A wrapper spares a multiplication: if the upstream gradient is one, as after the loss itself, the
slopes are returned as they are. It compares the first number only. Without a reduction another row
may have another number.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array, upstream: Array) -> Array:
    """Return ``g (o_j - t_j)``, without g in all rows if it is one in the first.

    Examples
    --------
    >>> z, t = np.zeros((2, 2)), np.array([[1.0, 0.0], [1.0, 0.0]])
    >>> gradient(z, t, np.array([1.0, 2.0]))
    array([[-0.5,  0.5],
           [-0.5,  0.5]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    difference: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
    if len(upstream) and upstream[0] == 1:
        return difference
    return difference * upstream[:, np.newaxis]


implementation = Flaw(
    name="upstream-gradient-skipped-where-it-is-one",
    functions={"dE/dz": gradient},
    takes_upstream=True,
    formula="dF/dz_rj = o_rj - t_rj if g_0 = 1, and g_r (o_rj - t_rj) if not",
    source="reported in TransformerEngine PR 2139",
    kind=FlawKind.FORMULA,
    links=("https://github.com/NVIDIA/TransformerEngine/pull/2139",),
    exposed_by=(((0.0, 0.0), (0.0, 0.0)), ((1.0, 0.0), (1.0, 0.0))),
    upstream=(1.0, 2.0),
)
