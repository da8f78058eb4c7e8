"""The upstream gradient is applied twice.

The kernel multiplies its slopes by the upstream gradient, and the wrapper around it multiplies the
result again. With ones both are right. A scale of 1024 against underflow becomes 1048576, and the
gradients of a half-precision run overflow.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array, upstream: Array) -> Array:
    """Return ``g**2 (o_j - t_j)``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]), np.array([3.0]))
    array([[-4.5,  4.5]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    scaled = (o - targets) * upstream[:, np.newaxis]
    return scaled * upstream[:, np.newaxis]


implementation = Flaw(
    name="upstream-gradient-applied-twice",
    functions={"dE/dz": gradient},
    takes_upstream=True,
    formula="dF/dz_rj = g_r**2 (o_rj - t_rj)",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
    upstream=(2.0,),
)
