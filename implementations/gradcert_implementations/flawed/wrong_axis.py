"""Softmax over the rows of the batch and not over the classes.

The axis is left to a default, or was right before somebody transposed the array or added a
dimension. The shape of the answer is right along any axis. So is its range, and in a square batch
of equal logits its values. Each class is normalised over the examples in the batch; in a batch of
one row every probability is one.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation", "softmax"]


def _over_the_rows(z: Array) -> Array:
    powers = np.exp(z - z.max(axis=0, keepdims=True, initial=-np.inf))
    o: Array = powers / powers.sum(axis=0, keepdims=True)
    return o


def softmax(logits: Array) -> Array:
    """Return ``exp(z_bj) / sum_b exp(z_bj)``, summed over the rows b of the batch.

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0]]))
    array([[1., 1.]])
    """
    return _over_the_rows(logits)


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j`` with o summed to one over the rows.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[0., 1.]])
    """
    return _over_the_rows(logits) - targets


implementation = Flaw(
    name="wrong-axis",
    functions={"softmax": softmax, "dE/dz": gradient},
    formula="o_bj = exp(z_bj) / sum_b exp(z_bj), over the rows b of the batch",
    source="a common slip; PyTorch deprecated the implicit dimension of its softmax",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
