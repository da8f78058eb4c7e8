"""The gradient of the mean over the batch in place of each row's own.

Most losses take the mean over the batch by default. The division by the batch size is part of the
kernel, and it stays there when the reduction is switched off or becomes a sum. Every row has the
right direction and the wrong length. A learning rate hides that until the batch size changes. A
batch of one row is right.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation", "loss", "loss_by_probability"]


def loss(logits: Array, targets: Array) -> Array:
    """Return ``E / B``, the share of a row in the mean over B rows.

    Examples
    --------
    >>> loss(np.array([[0.0, 0.0], [0.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    array([0.34657359, 0.34657359])
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    surprise = np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted
    total: Array = (targets * np.where(targets == 0, 0, surprise)).sum(axis=-1)
    return total / max(1, len(logits))


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``(o_j - t_j) / B``, the gradient of the mean over B rows.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0], [0.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    array([[-0.25,  0.25],
           [-0.25,  0.25]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return (o - targets) / max(1, len(logits))


def loss_by_probability(probabilities: Array, targets: Array) -> Array:
    """Return ``-t_j / (o_j B)``, with B rows; 0 for a zero target.

    Examples
    --------
    >>> loss_by_probability(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    array([[-1. ,  0. ],
           [-0.5,  0. ]])
    """
    slopes = np.zeros_like(targets)
    np.divide(-targets, probabilities, out=slopes, where=targets != 0)
    return slopes / max(1, len(targets))


implementation = Flaw(
    name="divided-by-batch",
    functions={"loss": loss, "dE/do": loss_by_probability, "dE/dz": gradient},
    formula="every value is divided by B, with B rows in the batch",
    source="reported in aprender PR 2182, where a sum is divided so, fetchai/ledger PR 1580",
    kind=FlawKind.FORMULA,
    links=(
        "https://github.com/paiml/aprender/pull/2182",
        "https://github.com/fetchai/ledger/pull/1580",
    ),
    exposed_by=(((0.0, 0.0), (0.0, 0.0)), ((1.0, 0.0), (1.0, 0.0))),
)
