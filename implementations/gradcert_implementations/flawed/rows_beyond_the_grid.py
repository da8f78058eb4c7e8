"""Rows beyond the size of the grid are never computed.

The simplest launch has one thread per row in one block, and a block has at most 1024 threads. A
longer batch is cut off there, or the launch fails and nobody checks its error. In both cases the
rows beyond keep the zeros of the buffer. Tests with a few dozen rows pass, and so do all checks of
single rows.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]

_THREADS = 1024


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j`` for the first 1024 rows and 0 for all rows beyond.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
    result[_THREADS:] = 0
    return result


implementation = Flaw(
    name="rows-beyond-the-grid",
    functions={"dE/dz": gradient},
    formula="dE/dz = 0 in rows 1024 and above",
    source="a common slip",
    kind=FlawKind.SIZE,
    links=(),
    exposed_by=(((0.0, 0.0),) * 1025, ((1.0, 0.0),) * 1025),
)
