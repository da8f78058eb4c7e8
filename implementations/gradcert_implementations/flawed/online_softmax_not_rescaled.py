"""A running sum that is not rescaled when the maximum grows.

The online softmax reads a row once. It keeps the largest logit so far and the sum of exponentials
relative to it. When a larger logit comes, the old sum belongs to the old maximum, and has to be
multiplied by the exponential of their difference. That line is missing. The sum is too large in
every row whose largest logit is not the first. Rows that begin with their largest logit are right.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``exp(z_j - m) / S - t_j``, each term of S relative to the maximum of its time.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    masked = logits == -np.inf
    running = np.maximum.accumulate(logits, axis=-1)
    terms = np.exp(np.where(masked, -np.inf, logits - np.where(masked, 0, running)))
    o: Array = np.exp(logits - running[:, -1:]) / terms.sum(axis=-1, keepdims=True)
    return o - targets


implementation = Flaw(
    name="online-softmax-not-rescaled",
    functions={"dE/dz": gradient},
    formula="S = sum_k exp(z_k - max(z_0, ..., z_k)), not times exp of the change of the maximum",
    source="a common slip; the right way is described by Milakov and Gimelshein (2018)",
    kind=FlawKind.FORMULA,
    links=("https://arxiv.org/abs/1805.02867",),
    exposed_by=(((0.0, 1.0),), ((1.0, 0.0),)),
)
