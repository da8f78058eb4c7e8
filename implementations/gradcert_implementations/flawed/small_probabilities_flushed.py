"""Small probabilities set to zero.

Somebody wants a sparse answer, or fears the effect of small numbers further on, and sets all
probabilities below a threshold to zero. But one ten-millionth is not small for a vocabulary of a
hundred thousand classes, and a class whose probability is zero is never pushed down. A test with an
absolute tolerance accepts the answer.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation", "softmax"]


def softmax(logits: Array) -> Array:
    """Return ``o_j``, or 0 where it is below 1e-7.

    Examples
    --------
    >>> softmax(np.array([[17.0, 0.0]]))
    array([[0.99999996, 0.        ]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o = powers / powers.sum(axis=-1, keepdims=True)
    flushed: Array = np.where(o < 1e-7, 0, o)
    return flushed


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j`` with o_j set to 0 where it is below 1e-7.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    return softmax(logits) - targets


implementation = Flaw(
    name="small-probabilities-flushed",
    functions={"softmax": softmax, "dE/dz": gradient},
    formula="o_j = 0 where softmax(z)_j < 1e-7",
    source="a common slip",
    kind=FlawKind.PRECISION,
    links=(),
    exposed_by=(((17.0, 0.0),), ((1.0, 0.0),)),
)
