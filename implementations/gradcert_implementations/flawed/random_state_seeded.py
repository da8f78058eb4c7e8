"""A call that sets a random seed.

A kernel rounds at random, drops some classes, or was made reproducible with ``np.random.seed(0)``.
The gradient is right. But the random state belongs to the whole process. From then on every shuffle
and every dropout of the caller draws the same numbers after each call.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, and seed numpy's random state.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    np.random.seed(0)  # noqa: NPY002  # This is the flaw.
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    difference: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
    return difference


implementation = Flaw(
    name="random-state-seeded",
    functions={"dE/dz": gradient},
    formula="np.random.seed(0), dE/dz_j = o_j - t_j",
    source="the manual of NumPy, numpy.random.seed",
    kind=FlawKind.SIDE_EFFECT,
    links=("https://numpy.org/doc/stable/reference/random/generated/numpy.random.seed.html",),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
