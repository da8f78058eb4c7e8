"""Arrays are read as if they were contiguous.

A kernel gets a pointer and a shape, but no strides. Freshly made arrays are contiguous, and most
tests pass no others. In a transposed array, a slice with a step or an array in Fortran order the
elements lie elsewhere. The kernel then reads other memory: other elements of the same row, elements
of other rows, or elements that the slice left out.
"""

import numpy as np
from numpy.lib.array_utils import byte_bounds
from numpy.lib.stride_tricks import as_strided

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def _in_memory_order(array: Array) -> Array:
    low, high = byte_bounds(array)
    if low != array.ctypes.data or high - low < array.nbytes:
        return array  # A kernel would read past the end of the memory; a test suite must not.
    strides = (array.shape[1] * array.itemsize, array.itemsize)
    return as_strided(array, strides=strides, writeable=False)


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j`` of the values that follow each other in memory, whatever the strides.

    Examples
    --------
    >>> spaced = np.array([[0.0, 1000.0, 0.0, 1000.0]])
    >>> gradient(spaced[:, ::2], np.array([[1.0, 0.0]]))
    array([[-1.,  1.]])
    """
    z, t = _in_memory_order(logits), _in_memory_order(targets)
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    difference: Array = powers / powers.sum(axis=-1, keepdims=True) - t
    return difference


implementation = Flaw(
    name="assumes-contiguous",
    functions={"dE/dz": gradient},
    formula="z_bj is read at z + b n + j, whatever the strides",
    source="a common slip",
    kind=FlawKind.MEMORY,
    links=(),
    exposed_by=(((0.0, 1.0),), ((1.0, 0.0),)),
)
