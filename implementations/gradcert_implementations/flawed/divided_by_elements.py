"""The mean over all elements in place of each row's sum.

A mean without an axis divides by the number of all elements, by rows times classes. For a squared
error that is what everybody means. A cross-entropy has one value a row, so the classes do not
count. All values have the right direction and are too small by a factor that grows with the
vocabulary and with the batch.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation", "loss", "loss_by_probability"]


def loss(logits: Array, targets: Array) -> Array:
    """Return ``E / (B n)``, with B rows of n classes.

    Examples
    --------
    >>> loss(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([0.34657359])
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    surprise = np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted
    total: Array = (targets * np.where(targets == 0, 0, surprise)).sum(axis=-1)
    mean: Array = total / max(1, logits.size)
    return mean


def loss_by_probability(probabilities: Array, targets: Array) -> Array:
    """Return ``-t_j / o_j / (B n)``.

    Examples
    --------
    >>> loss_by_probability(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]))
    array([[-1., -0.]])
    """
    mean: Array = -targets / probabilities / max(1, probabilities.size)
    return mean


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``(o_j - t_j) / (B n)``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.25,  0.25]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    mean: Array = (o - targets) / max(1, logits.size)
    return mean


implementation = Flaw(
    name="divided-by-elements",
    functions={"loss": loss, "dE/do": loss_by_probability, "dE/dz": gradient},
    formula="every value is divided by B n, with B rows of n classes",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0), (0.0, 0.0)), ((1.0, 0.0), (1.0, 0.0))),
)
