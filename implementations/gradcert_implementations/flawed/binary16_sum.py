"""A sum of exponentials that overflows in binary16.

Logits are kept below 11.09, where no exponential overflows in binary16, so the shift is left out.
But the sum is kept in the same format, whose largest number is 65504. Two classes near the bound
are enough to exceed it, or many smaller ones. The sum is then infinite and every probability is
zero, without a NaN as a warning.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Domain

__all__ = ["gradient", "implementation", "softmax"]


def softmax(logits: Array) -> Array:
    """Return ``exp(z_j) / sum_k exp(z_k)``, the sum in the format of the logits.

    Examples
    --------
    >>> softmax(np.array([[0, 0]], np.float16))
    array([[0.5, 0.5]], dtype=float16)
    """
    powers = np.exp(logits)
    o: Array = powers / powers.sum(axis=-1, keepdims=True, dtype=powers.dtype)
    return o


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``exp(z_j) / sum_k exp(z_k) - t_j``, the sum in the format of the logits.

    Examples
    --------
    >>> gradient(np.array([[0, 0]], np.float16), np.array([[1, 0]], np.float16))
    array([[-0.5,  0.5]], dtype=float16)
    """
    return softmax(logits) - targets


implementation = Flaw(
    name="binary16-sum",
    functions={"softmax": softmax, "dE/dz": gradient},
    formats=("binary16",),
    domain=Domain(largest_logit=11.0),
    formula="o_j = exp(z_j) / sum_k exp(z_k) in binary16, whose largest number is 65504",
    source="a common slip; in JAX #40409 a sum of the backward overflows, and gives NaN",
    kind=FlawKind.OVERFLOW,
    links=("https://github.com/jax-ml/jax/issues/40409",),
    exposed_by=(((11.0, 11.0),), ((1.0, 0.0),)),
)
