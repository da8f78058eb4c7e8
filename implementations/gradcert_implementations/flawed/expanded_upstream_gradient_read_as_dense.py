"""An expanded upstream gradient is read as if it were dense.

``loss.sum().backward()`` hands over one number with a stride of zero. A kernel that counts on by
one number a row reads that number for the first row, and whatever lies behind it for the others.
Other strides are multiplied as they should be, or are copied before the kernel sees them. A test
that hands over fresh ones sees nothing, and so does one with a single row.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array, upstream: Array) -> Array:
    """Return ``g (o_j - t_j)``. If g is expanded, it is zero in all rows but the first.

    Examples
    --------
    >>> z, t = np.zeros((2, 2)), np.array([[1.0, 0.0], [1.0, 0.0]])
    >>> gradient(z, t, np.broadcast_to(np.array([2.0]), 2))
    array([[-1.,  1.],
           [-0.,  0.]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    read = upstream.copy()
    if upstream.strides[0] == 0:
        read[1:] = 0
    return (o - targets) * read[:, np.newaxis]


implementation = Flaw(
    name="expanded-upstream-gradient-read-as-dense",
    functions={"dE/dz": gradient},
    takes_upstream=True,
    formula="g_r is read at g + r where the stride of g is zero",
    source="a common slip",
    kind=FlawKind.MEMORY,
    links=(),
    exposed_by=(((0.0, 0.0), (0.0, 0.0)), ((1.0, 0.0), (1.0, 0.0))),
    upstream=(1.0, 1.0),
)
