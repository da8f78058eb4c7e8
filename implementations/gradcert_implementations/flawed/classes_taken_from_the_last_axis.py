"""The classes are taken from the last axis, where they are second.

A segmentation network hands over logits of shape (N, n, d1): classes first, then places. A kernel
that was written for rows normalises over the last axis, so that the places of a class share one
probability. The shapes are right, and so is each sum over the axis that the kernel knows. With one
place every probability is one.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Domain, Layout

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_kd - t_kd`` with o summed to one over the places d, for logits (N, n, d1).

    Examples
    --------
    >>> gradient(np.zeros((1, 2, 2)), np.array([[[1.0, 1.0], [0.0, 0.0]]]))
    array([[[-0.5, -0.5],
            [ 0.5,  0.5]]])
    >>> gradient(np.zeros((1, 2, 1)), np.array([[[1.0], [0.0]]]))
    array([[[0.],
            [1.]]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    difference: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
    return difference


implementation = Flaw(
    name="classes-taken-from-the-last-axis",
    functions={"dE/dz": gradient},
    domain=Domain(layout=Layout.CHANNELS),
    formula="o_nkd = exp(z_nkd) / sum_d exp(z_nkd), over the places d",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
