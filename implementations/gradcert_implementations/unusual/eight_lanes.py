"""The normaliser summed in 8 lanes, which exchange their sums at the end.

A processor with vectors of 8 numbers adds every eighth class into one of 8 sums. Then each lane
adds the sum of the lane 4 further, 2 further and 1 further, round about, so that all lanes have the
total. This is neither the order of a loop nor that of a tree over the row.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]

_LANES = 8


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with ``sum_k exp(z_k - m)`` from 8 sums, each of every eighth class.

    Examples
    --------
    >>> gradient(np.array([[0, 0]], dtype=np.float32), np.array([[1, 0]], dtype=np.float32))
    array([[-0.5,  0.5]], dtype=float32)
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    lanes = np.zeros((len(logits), _LANES), logits.dtype)
    for start in range(0, logits.shape[1], _LANES):
        vector = powers[:, start : start + _LANES]
        lanes[:, : vector.shape[1]] += vector
    for step in (4, 2, 1):
        lanes = lanes + lanes[:, np.arange(_LANES) ^ step]
    difference: Array = powers / lanes[:, :1] - targets
    return difference


implementation = Implementation(
    name="eight-lanes", functions={"dE/dz": gradient}, formats=("binary32",)
)
