"""The mean over the classes in place of the sum.

The loss of a row is a sum over its classes. A framework's mean, called without an axis or with the
axis of the classes, divides that sum by their number. It is the right habit for a squared error of
many outputs, and it is copied from there. Every value is too small by the number of classes, so a
learning rate that was tuned for one vocabulary is wrong for the next.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation", "loss", "loss_by_probability"]


def loss(logits: Array, targets: Array) -> Array:
    """Return ``E / (n)``, with B rows of n classes.

    Examples
    --------
    >>> loss(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([0.34657359])
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    surprise = np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted
    total: Array = (targets * np.where(targets == 0, 0, surprise)).sum(axis=-1)
    mean: Array = total / logits.shape[-1]
    return mean


def loss_by_probability(probabilities: Array, targets: Array) -> Array:
    """Return ``-t_j / o_j / (n)``.

    Examples
    --------
    >>> loss_by_probability(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]))
    array([[-1., -0.]])
    """
    mean: Array = -targets / probabilities / probabilities.shape[-1]
    return mean


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``(o_j - t_j) / (n)``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.25,  0.25]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    mean: Array = (o - targets) / logits.shape[-1]
    return mean


implementation = Flaw(
    name="divided-by-classes",
    functions={"loss": loss, "dE/do": loss_by_probability, "dE/dz": gradient},
    formula="every value is divided by n, with B rows of n classes",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
