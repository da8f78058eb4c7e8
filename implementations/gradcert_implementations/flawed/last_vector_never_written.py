"""The classes after the last whole vector are never written.

The gradient is written eight classes at a time. The rest of the division by eight needs a loop of
its own, or a mask for the last vector, and has neither. Rows of up to eight classes take another
path, which is right. In longer rows up to seven classes keep the zeros of the buffer. Powers of two
have no rest, and tests like powers of two.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]

_VECTOR = 8


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, and 0 in the last ``n mod 8`` classes of a row of more than 8.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    classes = logits.shape[-1]
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
    if classes > _VECTOR:
        result[:, classes - classes % _VECTOR :] = 0
    return result


implementation = Flaw(
    name="last-vector-never-written",
    functions={"dE/dz": gradient},
    formula="dE/dz_j = 0 for j >= n - n mod 8, in rows of more than 8 classes",
    source="a common slip",
    kind=FlawKind.SIZE,
    links=(),
    exposed_by=(((0.0,) * 9,), ((1.0, *(0.0,) * 8),)),
)
