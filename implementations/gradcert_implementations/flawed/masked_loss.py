"""The loss multiplies a target of zero by an infinite logarithm.

A class without a target adds nothing to the loss, and the formula agrees: its term is zero times a
logarithm. If the class is masked, or if its probability has underflowed, that logarithm is minus
infinity, and the product is NaN for the whole row. Textbooks define such a term as zero; a program
has to say so.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["implementation", "loss"]


def loss(logits: Array, targets: Array) -> Array:
    """Return ``-sum_j t_j ln o_j``, without a special case for ``0 ln 0``.

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
    kind=FlawKind.MASK,
    links=(
        "https://github.com/jax-ml/jax/issues/6811",
        "https://github.com/google-deepmind/optax/pull/1762",
    ),
    exposed_by=(((0.0, -np.inf),), ((1.0, 0.0),)),
)
