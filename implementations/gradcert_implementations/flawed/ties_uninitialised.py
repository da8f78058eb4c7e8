"""Rows whose largest logit occurs twice are never written.

A kernel finds the largest logit of a row and its class, and goes on with the rows that have one
such class. Nobody wrote the branch for rows with two, and the answer keeps the old contents of its
memory. That is often the zeros of a fresh page or the last right answer, so the mistake stays
hidden for years. Random logits never tie.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]

# The old contents must be the same in every run. Microsoft's debug heap fills fresh memory with
# these bytes, so that a reader recognises it.
_FRESH = 0xCD


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, except in rows whose largest logit occurs twice.

    Examples
    --------
    >>> gradient(np.array([[1000.0, 0.0], [0.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    array([[ 0.00000000e+00,  0.00000000e+00],
           [-6.27743856e+66, -6.27743856e+66]])
    """
    largest = logits.max(axis=-1, keepdims=True)
    powers = np.exp(logits - largest)
    memory = np.full(logits.nbytes, _FRESH, dtype=np.uint8)
    result: Array = memory.view(logits.dtype).reshape(logits.shape)
    written = (logits == largest).sum(axis=-1) < 2
    result[written] = (powers / powers.sum(axis=-1, keepdims=True) - targets)[written]
    return result


implementation = Flaw(
    name="ties-uninitialised",
    functions={"dE/dz": gradient},
    formula="dE/dz is the old contents of the memory, where max z occurs twice in the row",
    source="a common slip",
    kind=FlawKind.MEMORY,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
