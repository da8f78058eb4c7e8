"""The log-sum-exp is kept in bfloat16 for the backward pass.

The forward pass saves one number a row, the logarithm of the sum of exponentials, and the backward
pass subtracts it from the logits. The number is saved in the format of the activations, which is
bfloat16, though logits and gradients have more digits. Its error is an absolute one, so that large
logits make it worse: at a common offset of a thousand, every probability is off by a factor.
"""

import numpy as np
from ml_dtypes import bfloat16

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``exp(z_j - L) - t_j``, with L the log-sum-exp rounded to bfloat16.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.49912878,  0.50087122]])
    """
    largest = logits.max(axis=-1, keepdims=True)
    total = np.exp(logits - largest).sum(axis=-1, keepdims=True)
    saved = (largest + np.log(total)).astype(bfloat16).astype(logits.dtype)
    difference: Array = np.exp(logits - saved) - targets
    return difference


implementation = Flaw(
    name="log-sum-exp-in-bfloat16",
    functions={"dE/dz": gradient},
    formula="dE/dz_j = exp(z_j - bfloat16(m + ln sum_k exp(z_k - m))) - t_j",
    source="a common slip",
    kind=FlawKind.PRECISION,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
