"""NaN is replaced by zero before anybody sees it.

A run that ended in NaN is kept going by cleaning the gradient. The rows that hold NaN then learn
nothing, without a warning, and nobody looks for the broken layer that made the NaN. The only right
answer to a NaN among the logits is NaN: it says that the numbers no longer mean anything. On
numbers the function is right.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation", "loss"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, or 0 where that is NaN.

    Examples
    --------
    >>> gradient(np.array([[np.nan, 0.0]]), np.array([[1.0, 0.0]]))
    array([[0., 0.]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    difference: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
    return np.nan_to_num(difference)


def loss(logits: Array, targets: Array) -> Array:
    """Return ``-sum_j t_j ln o_j``, with 0 for a product that is NaN.

    Examples
    --------
    >>> loss(np.array([[np.nan, 0.0]]), np.array([[1.0, 0.0]])) == 0
    array([ True])
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    logarithms = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    products = targets * logarithms
    value: Array = -np.where(np.isnan(products), 0, products).sum(axis=-1)
    return value


implementation = Flaw(
    name="nan-hidden",
    functions={"dE/dz": gradient, "loss": loss},
    formula="dE/dz_j = o_j - t_j, and 0 where that is NaN",
    source="a common slip",
    kind=FlawKind.CALL,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
