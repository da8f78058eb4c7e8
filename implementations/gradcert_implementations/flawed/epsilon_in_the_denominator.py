"""A small constant in the denominator of softmax.

People fear that the denominator is zero and add a constant to it out of habit. After the shift by
the largest logit one of the exponentials is one, so the denominator cannot be zero. With the
constant every probability is too small by one part in ten million, and the probabilities no longer
sum to one. In binary32 that is no larger than a rounding error. In binary64 it costs nine digits.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``exp(z_j - m) / (sum_k exp(z_k - m) + 1e-7) - t_j``, ``m = max z``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.50000002,  0.49999998]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / (powers.sum(axis=-1, keepdims=True) + 1e-7)
    return o - targets


implementation = Flaw(
    name="epsilon-in-the-denominator",
    functions={"dE/dz": gradient},
    formula="o_j = exp(z_j - m) / (sum_k exp(z_k - m) + 1e-7)",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
