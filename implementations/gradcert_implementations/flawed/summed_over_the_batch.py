"""Every row gets the sum of the gradients of all rows.

The gradient by a bias is the sum over the batch, and the gradient by the logits is not. A sum over
the wrong axis, or a broadcast that was undone by a sum, gives every row the same gradient. The
shape is right after one more broadcast. A batch of one row is right, and so is the gradient by the
bias of the last layer, which a test of the whole network looks at.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``sum_b (o_bj - t_bj)`` in every row.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0], [0.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    array([[-1.,  1.],
           [-1.,  1.]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o = powers / powers.sum(axis=-1, keepdims=True)
    result: Array = np.repeat((o - targets).sum(axis=0, keepdims=True), len(logits), axis=0)
    return result


implementation = Flaw(
    name="summed-over-the-batch",
    functions={"dE/dz": gradient},
    formula="dE/dz_bj = sum_a (o_aj - t_aj), over all rows a of the batch",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0), (0.0, 0.0)), ((1.0, 0.0), (1.0, 0.0))),
)
