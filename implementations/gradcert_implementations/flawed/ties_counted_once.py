"""Logits that are equal are counted once in the sum.

The row is sorted, or put in a set or a dictionary, to start from the largest logit, and equal
logits become one. Their exponential is added once, not once per occurrence. Random numbers are
never equal, so tests with random logits pass. Equal logits come from an untrained network, from a
padded row and from a narrow format.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``exp(z_j - m) / S - t_j``, with S the sum over the distinct logits of the row.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[0., 1.]])
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    sums = [np.exp(np.unique(row)).sum() for row in shifted]
    o: Array = np.exp(shifted) / np.array(sums, dtype=logits.dtype)[:, None]
    return o - targets


implementation = Flaw(
    name="ties-counted-once",
    functions={"dE/dz": gradient},
    formula="o_j = exp(z_j - m) / S, S summed over the distinct values of z",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
