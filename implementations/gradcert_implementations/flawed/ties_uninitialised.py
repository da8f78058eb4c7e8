"""Rows whose largest logit occurs twice are never written.

A kernel finds the largest logit of a row and the class that has it, and goes on with the rows where
there is one such class. For rows with two no branch was written, and the answer keeps whatever was
in the memory it was given. That is often the zeros of a fresh page or the last right answer, which
is why it passes for years. Random logits never tie.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]

# What was in the memory must be the same in every run. Microsoft's debug heap fills fresh memory
# with these bytes, so that it is recognised when it is read.
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
    formula="dE/dz is what was in memory, where max z occurs twice in the row",
    source="a common slip",
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
