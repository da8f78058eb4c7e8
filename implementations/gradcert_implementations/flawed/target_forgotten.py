"""The softmax is returned, and no target is subtracted.

Subtracting the target is a step of its own: one class in each row, found by its label. The step is
lost where the label is out of the range that a thread compares it with, where its type is too
narrow, or where the kernel that subtracts it is not launched. Every value off the target is right,
so the error looks small where it is averaged over all classes.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, _targets: Array) -> Array:
    """Return ``o_j``, where ``o_j - t_j`` is right.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[0.5, 0.5]])
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    o: Array = np.exp(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))
    return o


implementation = Flaw(
    name="target-forgotten",
    functions={"dE/dz": gradient},
    formula="dE/dz_j = o_j",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
