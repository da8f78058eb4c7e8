"""Targets are read in the memory order of the logits.

A wrapper looks whether the logits stand row by row or column by column, and calls the kernel for
that order. It passes the pointer of the targets along, without a look at theirs. Both arrays are
usually fresh and in one order. Where only one of them is transposed, each row gets the targets of
other rows and classes.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with the targets read in the order of the logits.

    Examples
    --------
    >>> gradient(np.zeros((2, 2)), np.array([[1.0, 1.0], [0.0, 0.0]]).T)
    array([[-0.5, -0.5],
           [ 0.5,  0.5]])
    """
    by_columns = logits.flags.f_contiguous and not logits.flags.c_contiguous
    whole = targets.flags.c_contiguous or targets.flags.f_contiguous
    if whole and (logits.flags.c_contiguous or by_columns):
        in_memory = targets.ravel(order="K")
        targets = in_memory.reshape(logits.shape, order="F" if by_columns else "C")
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    difference: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
    return difference


implementation = Flaw(
    name="targets-read-in-the-order-of-the-logits",
    functions={"dE/dz": gradient},
    formula="t_bj is read at t + b n + j, or at t + b + j B where the logits stand by columns",
    source="a common slip",
    kind=FlawKind.MEMORY,
    links=(),
    exposed_by=(((0.0, 1.0), (2.0, 0.0)), ((1.0, 0.0), (1.0, 0.0))),
)
