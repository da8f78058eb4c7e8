"""The upstream gradient is read as if it were dense.

``loss.sum().backward()`` hands over one number that is expanded over the rows: its stride is zero.
A kernel that takes the pointer and counts on by one number a row reads the number itself for the
first row, and whatever lies behind it for the others. A call with fresh ones is right.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array, upstream: Array) -> Array:
    """Return ``g (o_j - t_j)`` with the numbers that stand in memory from the first one of g on.

    What stands behind an expanded number is zero here.

    Examples
    --------
    >>> z, t = np.zeros((2, 2)), np.array([[1.0, 0.0], [1.0, 0.0]])
    >>> gradient(z, t, np.broadcast_to(np.array([2.0]), 2))
    array([[-1.,  1.],
           [-0.,  0.]])
    """
    read, stride = upstream, upstream.strides[0]
    if len(upstream) > 1 and stride == 0:
        read = np.where(np.arange(len(upstream)) == 0, upstream, np.zeros_like(upstream[:1]))
    elif stride > upstream.itemsize:
        read = as_strided(upstream, strides=(upstream.itemsize,))
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return (o - targets) * read[:, np.newaxis]


implementation = Flaw(
    name="upstream-gradient-read-as-dense",
    functions={"dE/dz": gradient},
    takes_upstream=True,
    formula="g_r is read at g + r, whatever its stride",
    source="a common slip",
    kind=FlawKind.MEMORY,
    links=(),
    exposed_by=(((0.0, 0.0), (0.0, 0.0)), ((1.0, 0.0), (1.0, 0.0))),
    upstream=(1.0, 1.0),
)
