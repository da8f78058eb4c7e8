"""A target after the last whole vector is not subtracted.

The softmax is computed by a routine that treats the rest of a vector well. The subtraction of the
target is a second loop, over whole vectors of eight classes, and its rest is missing. A row whose
target lies among the last classes gets the softmax for a gradient, and its sum is one and not zero.
With the target anywhere else the row is right, which is the case for most labels of a wide row.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]

_VECTOR = 8


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, and ``o_j`` in the last ``n mod 8`` classes of a row of more than 8.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    classes = logits.shape[-1]
    subtracted = classes - classes % _VECTOR if classes > _VECTOR else classes
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Array = powers / powers.sum(axis=-1, keepdims=True)
    result[:, :subtracted] -= targets[:, :subtracted]
    return result


implementation = Flaw(
    name="target-in-the-tail-not-subtracted",
    functions={"dE/dz": gradient},
    formula="dE/dz_j = o_j for j >= n - n mod 8, in rows of more than 8 classes",
    source="a common slip",
    kind=FlawKind.SIZE,
    links=(),
    exposed_by=(((0.0,) * 9,), ((*(0.0,) * 8, 1.0),)),
)
