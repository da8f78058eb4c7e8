"""The gradient of the mean over the batch in place of each row's own.

Most losses take the mean over the batch by default, and the division by its size is so much part of
the kernel that it stays when the reduction is switched off or is a sum. The direction of every row
is right and only its length is wrong, so a learning rate hides it until the size of the batch
changes. A batch of one row shows nothing.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``(o_j - t_j) / B``, the gradient of the mean over B rows.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0], [0.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    array([[-0.25,  0.25],
           [-0.25,  0.25]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return (o - targets) / len(logits)


implementation = Flaw(
    name="divided-by-batch",
    functions={"dE/dz": gradient},
    formula="dE/dz_j = (o_j - t_j) / B, with B rows in the batch",
    source="reported in aprender #2182, where a sum is divided by the batch",
    exposed_by=(((0.0, 0.0), (0.0, 0.0)), ((1.0, 0.0), (1.0, 0.0))),
)
