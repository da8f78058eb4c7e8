"""The sum of exponentials ends after the first block of classes.

A block of 1024 threads sums a row, one class per thread. Wider rows need a loop over blocks, or a
second step that adds up the partial sums of the blocks. That step is missing, or a synchronisation
is missing, and the sum is read before its last part is added. Other kernels compute the maximum and
the final division, and they are right. Every test with fewer classes passes.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
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
    kind=FlawKind.SIZE,
    links=(
        "https://github.com/PaddlePaddle/Paddle/issues/9119",
        "https://github.com/PaddlePaddle/Paddle/issues/57858",
    ),
    exposed_by=(((0.0,) * 1025,), ((1.0,) + (0.0,) * 1024,)),
)
