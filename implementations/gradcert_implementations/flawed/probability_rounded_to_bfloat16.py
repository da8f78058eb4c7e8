"""Probabilities rounded to bfloat16 before the target is subtracted.

A kernel keeps the probabilities in the narrow format of the logits to save memory, and subtracts
the one later. For a confident network the difference is all rounding error: 20 % of the gradient at
a probability of 0.99, and 100 % at 0.999. In bfloat16 itself the textbook's softmax does the same
and only misses the level ``wide``. Here binary32 is promised.
"""

import ml_dtypes
import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``bfloat16(o_j) - t_j``, with the probability rounded to eight bits.

    Examples
    --------
    >>> gradient(np.array([[1, 0]], np.float32), np.array([[1, 0]], np.float32))
    array([[-0.26953125,  0.26953125]], dtype=float32)
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o = powers / powers.sum(axis=-1, keepdims=True)
    difference: Array = o.astype(ml_dtypes.bfloat16).astype(o.dtype) - targets
    return difference


implementation = Flaw(
    name="probability-rounded-to-bfloat16",
    functions={"dE/dz": gradient},
    formats=("binary32", "binary64"),
    formula="dE/dz_j = bfloat16(o_j) - t_j",
    source="reported in Liger-Kernel #1268",
    kind=FlawKind.PRECISION,
    links=("https://github.com/linkedin/Liger-Kernel/issues/1268",),
    exposed_by=(((1.0, 0.0),), ((1.0, 0.0),)),
)
