"""Logits that are equal are counted once in the sum.

The row is sorted, or put in a set or a dictionary, to go from the largest logit down, and what is
equal falls together. The exponential is added once and not as often as the logit occurs. Random
numbers are never equal, so tests with random logits pass. Rows of equal logits are what an
untrained network, a padded row or a narrow format gives.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw
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
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
