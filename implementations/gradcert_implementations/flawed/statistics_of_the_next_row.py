"""The largest logit and the sum of the next row.

A block of threads works through many rows. It keeps the largest logit and the sum of a row in
shared memory, and the threads read them for the division. No barrier stands at the end of the loop,
so a quick thread writes the numbers of the next row while slow ones still read. The last row is
right, and so is a batch of one row, or of equal rows.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``exp(z_j - m) / S - t_j``, with m and S of the next row; the last row has its own.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    array([[-0.81606028,  0.18393972],
           [-0.5       ,  0.5       ]])
    """
    largest = logits.max(axis=-1, keepdims=True)
    total = np.exp(logits - largest).sum(axis=-1, keepdims=True)
    read = np.minimum(np.arange(len(logits)) + 1, len(logits) - 1)
    o: Array = np.exp(logits - largest[read]) / total[read]
    return o - targets


implementation = Flaw(
    name="statistics-of-the-next-row",
    functions={"dE/dz": gradient},
    formula="o_bj = exp(z_bj - m_a) / S_a, with a = b + 1 the next row",
    source="a common slip",
    kind=FlawKind.MEMORY,
    links=(),
    exposed_by=(((0.0, 0.0), (1.0, 1.0)), ((1.0, 0.0), (1.0, 0.0))),
)
