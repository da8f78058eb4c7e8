"""The softmax is scaled into the range from epsilon to one.

The logarithm needs a positive number, so the softmax is multiplied by one minus a billionth and a
billionth is added. The loss is finite then, and never exceeds 21. Forward and backward pass agree
with each other. In binary32 the change is smaller than rounding for a likely class. An unlikely one
has a probability a million times too large, and the probabilities sum to more than one.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation", "loss"]

_EPSILON = 1e-9


def _lifted(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return (1 - _EPSILON) * o + _EPSILON


def loss(logits: Array, targets: Array) -> Array:
    """Return ``-sum_j t_j ln((1 - 1e-9) o_j + 1e-9)``.

    Examples
    --------
    >>> loss(np.array([[100.0, 0.0]]), np.array([[0.0, 1.0]]))
    array([20.72326584])
    """
    total: Array = -(targets * np.log(_lifted(logits))).sum(axis=-1)
    return total


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``(1 - 1e-9) o_j + 1e-9 - t_j``.

    Examples
    --------
    >>> gradient(np.array([[1000.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[0.e+00, 1.e-09]])
    """
    return _lifted(logits) - targets


implementation = Flaw(
    name="softmax-lifted-by-an-epsilon",
    functions={"loss": loss, "dE/dz": gradient},
    formula="o_j = (1 - 1e-9) softmax(z)_j + 1e-9, in the loss and in dE/dz_j = o_j - t_j",
    source="reported in ggml PR 929",
    kind=FlawKind.FORMULA,
    links=("https://github.com/ggml-org/ggml/pull/929",),
    exposed_by=(((30.0, 0.0),), ((0.0, 1.0),)),
)
