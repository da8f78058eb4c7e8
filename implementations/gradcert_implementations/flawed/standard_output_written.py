"""A call that prints.

A line for debugging was left in, or a library announces which kernel it chose. The gradient is
right. But standard output may be a pipe that another program reads, and a print in each step slows
a training run and fills its log. It is often left in one branch only, such as that of wide rows.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, and print the shape of the logits.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    logits of shape (1, 2)
    array([[-0.5,  0.5]])
    """
    print(f"logits of shape {logits.shape}")  # noqa: T201  # This is the flaw.
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    difference: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
    return difference


implementation = Flaw(
    name="standard-output-written",
    functions={"dE/dz": gradient},
    formula="print(...), dE/dz_j = o_j - t_j",
    source="a common slip",
    kind=FlawKind.SIDE_EFFECT,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
