"""Probabilities clipped from below before the logarithm.

The logarithm of zero is infinite, and people first think of a small lower bound as the remedy. The
loss of a row then never exceeds 16, even if the network is certain and wrong. The slope of such a
row becomes a constant, just where it should be steepest. The right remedy is to compute the
logarithm of the probability from the logits.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["implementation", "loss", "loss_by_probability"]

_LEAST = 1e-7


def loss(logits: Array, targets: Array) -> Array:
    """Return ``-sum_j t_j ln max(o_j, 1e-7)``, which never exceeds 16.2.

    Examples
    --------
    >>> loss(np.array([[1000.0, 0.0]]), np.array([[0.0, 1.0]]))
    array([16.11809565])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o = powers / powers.sum(axis=-1, keepdims=True)
    total: Array = -(targets * np.log(np.maximum(o, _LEAST))).sum(axis=-1)
    return total


def loss_by_probability(probabilities: Array, targets: Array) -> Array:
    """Return ``-t_j / max(o_j, 1e-7)``.

    Examples
    --------
    >>> loss_by_probability(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]))
    array([[-2., -0.]])
    """
    slope: Array = -targets / np.maximum(probabilities, _LEAST)
    return slope


implementation = Flaw(
    name="probabilities-clipped",
    functions={"loss": loss, "dE/do": loss_by_probability},
    formula="E = -sum_j t_j ln max(o_j, 1e-7), dE/do_j = -t_j / max(o_j, 1e-7)",
    source="a common slip; 1e-7 is the epsilon of Keras, which clips probabilities it is given",
    kind=FlawKind.PRECISION,
    links=(),
    exposed_by=(((17.0, 0.0),), ((0.0, 1.0),)),
)
