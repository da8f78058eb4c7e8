"""The sum of exponentials ends after the first block of classes.

A row is summed by a block of 1024 threads, one class each. Wider rows need a loop over blocks, or
blocks that add up what each has found, and that is missing, or lacks a synchronisation, so that the
sum is read before the last part is in it. The maximum and the final division are other kernels, and
right. Every test with fewer classes passes.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]

_BLOCK = 1024


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``exp(z_j - m) / S - t_j``, with S the sum over the first 1024 classes only.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers[:, :_BLOCK].sum(axis=-1, keepdims=True)
    return o - targets


implementation = Flaw(
    name="block-tail-missing-from-the-sum",
    functions={"dE/dz": gradient},
    formula="o_j = exp(z_j - m) / sum_k exp(z_k - m), over k < 1024 only",
    source="reported in Paddle #9119, #57858",
    exposed_by=(((0.0,) * 1025,), ((1.0,) + (0.0,) * 1024,)),
)
