"""The loss multiplies a target of zero by an infinite logarithm.

A class without a target adds nothing to the loss, and the formula says so: its term is zero times a
logarithm. Where the class is masked, or where its probability has underflowed, that logarithm is
minus infinity, and the product is NaN for the whole row. The textbook's convention that such a term
is zero has to be written down in the program.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw
from gradcert_implementations.interface import Array

__all__ = ["implementation", "loss"]


def loss(logits: Array, targets: Array) -> Array:
    """Return ``-sum_j t_j ln o_j``, with nothing said about ``0 ln 0``.

    Examples
    --------
    >>> loss(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([0.69314718])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o = powers / powers.sum(axis=-1, keepdims=True)
    total: Array = -(targets * np.log(o)).sum(axis=-1)
    return total


implementation = Flaw(
    name="masked-loss",
    functions={"loss": loss},
    formula="E = -sum_j t_j ln o_j, and 0 ln 0 is NaN",
    source="reported in JAX #6811, optax PR 1762",
    exposed_by=(((0.0, -np.inf),), ((1.0, 0.0),)),
)
