"""A block of classes that are all masked makes the row NaN.

A row is cut into blocks, and each block has its own largest logit and its own sum, which are merged
at the end. In a block whose classes are all masked, the largest logit is minus infinity, and the
difference to it is NaN. The merge would give the block no weight, but zero times NaN is NaN. Masks
of a few classes pass. A vocabulary padded with masked classes to a multiple of the block does not.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]

_BLOCK = 8


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, the sum made of blocks of 8 classes, each with a shift of its own.

    Examples
    --------
    >>> gradient(np.array([[0.0, -np.inf]]), np.array([[1.0, 0.0]]))
    array([[0., 0.]])
    """
    rows, classes = logits.shape
    whole = -(-classes // _BLOCK)
    padded = np.full((rows, whole * _BLOCK), -np.inf, dtype=logits.dtype)
    padded[:, :classes] = logits
    blocks = padded.reshape(rows, whole, _BLOCK)
    shifts = blocks.max(axis=-1, keepdims=True)
    sums = np.exp(blocks - shifts).sum(axis=-1)
    largest = logits.max(axis=-1, keepdims=True)
    total = (sums * np.exp(shifts[:, :, 0] - largest)).sum(axis=-1, keepdims=True)
    o: Array = np.exp(logits - largest) / total
    return o - targets


implementation = Flaw(
    name="masked-block",
    functions={"dE/dz": gradient},
    formula="S = sum_b exp(m_b - m) sum_k exp(z_k - m_b), blocks b of 8; and -inf - -inf is NaN",
    source="a common slip",
    kind=FlawKind.MASK,
    links=(),
    exposed_by=(((*(0.0,) * 8, -np.inf),), ((1.0, *(0.0,) * 8),)),
)
