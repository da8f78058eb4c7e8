"""A batch without rows raises an error.

The function computes the rows one by one and stacks them, or it first looks for the largest row.
Neither works without rows. Nobody passes an empty batch on purpose. It happens to the last worker
of a distributed run, to a filter that removes every row, and to one expert of a mixture of experts,
hours into the run.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def _row(z: Array, t: Array) -> Array:
    powers = np.exp(z - z.max())
    difference: Array = powers / powers.sum() - t
    return difference


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, if there is a row.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    >>> gradient(np.zeros((0, 2)), np.zeros((0, 2)))
    Traceback (most recent call last):
    ValueError: need at least one array to stack
    """
    return np.stack([_row(z, t) for z, t in zip(logits, targets, strict=True)])


implementation = Flaw(
    name="empty-batch-crashes",
    functions={"dE/dz": gradient},
    formula="dE/dz_j = o_j - t_j, and an error where there is no row",
    source="a common slip",
    kind=FlawKind.SIZE,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
    verdict="broken",
)
