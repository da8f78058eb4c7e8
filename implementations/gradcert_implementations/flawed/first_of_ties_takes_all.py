"""Of equal largest logits the first takes the share of all.

The largest class is treated apart, as its exponential is one. It is found by its index, and all
classes that are as large as it were left out of the rest by comparing their values. Equal largest
logits are then counted in the sum, but only the first of them receives what belongs to all. Rows
with one largest logit are right, and random rows have one.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with the shares of all largest classes in the first of them.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[0., 0.]])
    """
    largest = logits.max(axis=-1, keepdims=True)
    powers = np.exp(logits - largest)
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    shares = np.where(logits == largest, o, 0).sum(axis=-1, keepdims=True)
    first = logits.argmax(axis=-1)[:, None] == np.arange(logits.shape[-1])
    o = np.where(first, shares, np.where(logits == largest, 0, o)).astype(logits.dtype)
    return o - targets


implementation = Flaw(
    name="first-of-ties-takes-all",
    functions={"dE/dz": gradient},
    formula="o_j = sum of o_k over all z_k = max z for the first such j, 0 for the others",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0, 0.0),), ((1.0, 0.0, 0.0),)),
)
