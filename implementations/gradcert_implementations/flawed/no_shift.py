"""Softmax without the shift by the largest logit.

The formula is typed in as the book prints it. It is right for the logits of a small example, and as
accurate as any other. The exponential overflows above 709 in binary64, above 88 in binary32 and
bfloat16, and above 11 in binary16, and the quotient is NaN. If all logits are far below zero, every
exponential is zero, and so is the denominator. Training reaches such logits weeks later, and the
loss becomes NaN.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array
from gradcert_implementations.names import FORMAT_NAMES

__all__ = ["gradient", "implementation", "softmax"]


def softmax(logits: Array) -> Array:
    """Return ``exp(z_j) / sum_k exp(z_k)``, evaluated as it is written.

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0]]))
    array([[0.5, 0.5]])
    """
    powers = np.exp(logits)
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return o


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``exp(z_j) / sum_k exp(z_k) - t_j``, evaluated as it is written.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    return softmax(logits) - targets


implementation = Flaw(
    name="no-shift",
    functions={"softmax": softmax, "dE/dz": gradient},
    formats=FORMAT_NAMES,
    formula="o_j = exp(z_j) / sum_k exp(z_k), without exp(z_j - max z)",
    source="a common slip; the shift is in Blanchard, Higham and Higham, IMA J. Numer. Anal. 41",
    kind=FlawKind.OVERFLOW,
    links=(),
    exposed_by=(((1000.0, 0.0),), ((1.0, 0.0),)),
)
