"""A target in the last class is taken for one out of range.

Labels are checked before they are used, since a label beyond the last class reads foreign memory.
The check compares with the number of classes minus one and forgets the equal sign, or an end of a
loop is off by one. A row of the last class then counts as one without a target, and its gradient is
the softmax. All other rows are right. The last class is often a rare one, or one for the unknown.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, and ``o_j`` in the last class.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[0.0, 1.0]]))
    array([[0.5, 0.5]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Array = powers / powers.sum(axis=-1, keepdims=True)
    result[:, :-1] -= targets[:, :-1]
    return result


implementation = Flaw(
    name="last-class-out-of-range",
    functions={"dE/dz": gradient},
    formula="dE/dz_j = o_j for j = n - 1",
    source="a common slip",
    kind=FlawKind.SIZE,
    links=(),
    exposed_by=(((0.0, 0.0),), ((0.0, 1.0),)),
)
