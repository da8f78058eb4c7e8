"""Maximum and normaliser by a warp of 32 threads, the upper half folded onto the lower.

Each thread of a warp takes every 32nd class, and the warp then reduces by ``__shfl_down_sync`` with
distances 16, 8, 4, 2 and 1. Threads without a class have -inf for the maximum and zero for the sum.
https://developer.nvidia.com/blog/using-cuda-warp-level-primitives/
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]

_WARP = 32


def _reduced(values: Array, operation: np.ufunc, neutral: float) -> Array:
    """Return one number for each row: each thread by itself, then the warp."""
    rows, classes = values.shape
    steps = -(-classes // _WARP)
    filled = np.full((rows, steps * _WARP), neutral, values.dtype)
    filled[:, :classes] = values
    # Accumulated, because a reduction may take its terms in another order.
    threads = operation.accumulate(filled.reshape(rows, steps, _WARP), axis=1)[:, -1]
    distance = _WARP // 2
    while distance:
        threads = operation(threads[:, :distance], threads[:, distance : 2 * distance])
        distance //= 2
    return threads


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with ``m`` and ``sum_k exp(z_k - m)`` by 32 threads.

    Examples
    --------
    >>> gradient(np.array([[0, 0]], dtype=np.float32), np.array([[1, 0]], dtype=np.float32))
    array([[-0.5,  0.5]], dtype=float32)
    """
    powers = np.exp(logits - _reduced(logits, np.maximum, -np.inf))
    difference: Array = powers / _reduced(powers, np.add, 0) - targets
    return difference


implementation = Implementation(
    name="thirty-two-lanes", functions={"dE/dz": gradient}, formats=("binary32",)
)
