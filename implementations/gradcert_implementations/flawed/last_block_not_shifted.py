"""In the sum, the last block of classes lacks the shift.

A row is summed in blocks of eight classes, and the largest logit is subtracted as a block is
loaded. The last block is loaded by other code, because it is shorter and needs a mask, and there
the subtraction is missing. A row of one block has only the common code and is right. In longer rows
the sum is wrong, unless the largest logit is zero. The division is another loop and is right.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]

_BLOCK = 8


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with ``exp(z_k)`` in the sum for the last of several blocks of 8.

    Examples
    --------
    >>> gradient(np.array([[1.0, 1.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    last = (logits.shape[-1] - 1) // _BLOCK * _BLOCK
    unshifted = (last > 0) & (np.arange(logits.shape[-1]) >= last)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    terms = np.exp(np.where(unshifted, logits, shifted))
    o: Array = np.exp(shifted) / terms.sum(axis=-1, keepdims=True)
    return o - targets


implementation = Flaw(
    name="last-block-not-shifted",
    functions={"dE/dz": gradient},
    formula="S = sum_k exp(z_k - m), but exp(z_k) in the last of several blocks of 8 classes",
    source="reported in tt-metal #51278",
    kind=FlawKind.SIZE,
    links=("https://github.com/tenstorrent/tt-metal/issues/51278",),
    exposed_by=(((1.0,) * 9,), ((1.0, *(0.0,) * 8),)),
)
