"""The logarithm to base two in place of the natural one.

Information theory counts in bits, many texts write the logarithm without its base, and kernels use
the hardware's exponential and logarithm to base two for speed. Without the change of base the loss
comes out in bits, and its gradient is too large by the same factor, 1.44. A suitable learning rate
hides the factor. Loss and gradient agree with each other.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation", "loss"]

_LN_2 = float(np.log(2))


def loss(logits: Array, targets: Array) -> Array:
    """Return ``-sum_j t_j log2 o_j``, the loss in bits.

    Examples
    --------
    >>> loss(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([1.])
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    total = np.exp(shifted).sum(axis=-1, keepdims=True)
    bits = np.log2(total) - shifted / _LN_2
    result: Array = np.where(targets == 0, 0, targets * bits).sum(axis=-1)
    return result


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``(o_j - t_j) / ln 2``, the gradient of the loss in bits.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.72134752,  0.72134752]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return (o - targets) / _LN_2


implementation = Flaw(
    name="base-two-logarithm",
    functions={"loss": loss, "dE/dz": gradient},
    formula="E = -sum_j t_j log2 o_j, dE/dz_j = (o_j - t_j) / ln 2",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
