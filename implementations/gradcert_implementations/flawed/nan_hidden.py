"""NaN is replaced by zero before anybody sees it.

A run that ended in NaN is kept going by cleaning the gradient. The rows that hold NaN then learn
nothing, without a warning, and nobody looks for the broken layer that made the NaN. The only right
answer to a NaN among the logits is NaN: it says that the numbers no longer mean anything. On
numbers the function is right.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, or 0 where that is NaN.

    Examples
    --------
    >>> gradient(np.array([[np.nan, 0.0]]), np.array([[1.0, 0.0]]))
    array([[0., 0.]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    difference: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
    return np.nan_to_num(difference)


implementation = Flaw(
    name="nan-hidden",
    functions={"dE/dz": gradient},
    formula="dE/dz_j = o_j - t_j, and 0 where that is NaN",
    source="a common slip",
    kind=FlawKind.CALL,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
