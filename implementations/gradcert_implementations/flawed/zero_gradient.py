"""A gradient of zeros beside a loss that is right.

The forward pass is written and tested. The backward pass is a stub, or is cut off by a detached
tensor, or is a kernel that was never launched, so that the buffer of zeros comes back unchanged.
The printed loss is right, the program runs, and nothing learns. A test for finite values, for the
sum over the classes or for the shape sees nothing.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation", "loss"]


def loss(logits: Array, targets: Array) -> Array:
    """Return ``sum_j t_j (ln sum_k exp(z_k - m) - (z_j - m))``, ``m = max z``, which is right.

    Examples
    --------
    >>> loss(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([0.69314718])
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    surprise = np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted
    total: Array = np.where(targets == 0, 0, targets * surprise).sum(axis=-1)
    return total


def gradient(logits: Array, _targets: Array) -> Array:
    """Return ``0`` for every class.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[0., 0.]])
    """
    nothing: Array = np.zeros_like(logits)
    return nothing


implementation = Flaw(
    name="zero-gradient",
    functions={"loss": loss, "dE/dz": gradient},
    formula="dE/dz_j = 0",
    source="reported in DirectML #739, deeplearning4j #6605",
    kind=FlawKind.FORMULA,
    links=(
        "https://github.com/microsoft/DirectML/issues/739",
        "https://github.com/deeplearning4j/deeplearning4j/issues/6605",
    ),
    exposed_by=(((1.0, 0.0),), ((1.0, 0.0),)),
)
