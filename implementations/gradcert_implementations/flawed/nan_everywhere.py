"""Every value is NaN.

One NaN in a sum or a maximum spreads over its whole row: zero divided by zero, infinity minus
infinity, zero times infinity, or memory that nobody wrote to. A loss scaler skips the step and says
nothing, so training goes on without ever learning. The question is where the first NaN comes from:
a masked class, a large logit, a row without targets, a block that is not full.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation", "loss", "softmax"]


def softmax(logits: Array) -> Array:
    """Return NaN for every class.

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0]]))
    array([[nan, nan]])
    """
    return np.full_like(logits, np.nan)


def loss(logits: Array, _targets: Array) -> Array:
    """Return NaN for every row.

    Examples
    --------
    >>> loss(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([nan])
    """
    return np.full_like(logits[:, 0], np.nan)


def gradient(point: Array, _targets: Array) -> Array:
    """Return NaN for every class, of logits or of probabilities.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[nan, nan]])
    """
    return np.full_like(point, np.nan)


implementation = Flaw(
    name="nan-everywhere",
    functions={"softmax": softmax, "loss": loss, "dE/do": gradient, "dE/dz": gradient},
    formula="dE/dz_j = NaN",
    source="reported in JAX #6811, optax PR 1762 and many others",
    kind=FlawKind.OVERFLOW,
    links=(
        "https://github.com/jax-ml/jax/issues/6811",
        "https://github.com/google-deepmind/optax/pull/1762",
    ),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
