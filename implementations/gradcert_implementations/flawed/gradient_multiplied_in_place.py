"""The kept gradient is multiplied in place by each backward.

The forward computes the gradient and keeps it. To save memory, the backward multiplies it by the
upstream gradient where it stands, and hands it out. A second backward of the same graph, for
another loss or a check, finds the gradient that the first one left, and multiplies it again. With
ones both are right. PyTorch refuses it if its own operation changed what its own method saved. It
does not see what a kernel writes.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["again", "gradient", "implementation"]


def gradient(logits: Array, targets: Array, upstream: Array) -> Array:
    """Return ``g (o_j - t_j)``, as a first backward does.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]), np.array([3.0]))
    array([[-1.5,  1.5]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return again(o - targets, upstream)


def again(kept: Array, upstream: Array) -> Array:
    """Return ``g`` times the gradient that the backward before left.

    Examples
    --------
    >>> again(np.array([[-1.5, 1.5]]), np.array([3.0]))
    array([[-4.5,  4.5]])
    """
    return kept * upstream.reshape(-1, 1)


implementation = Flaw(
    name="gradient-multiplied-in-place",
    functions={"dE/dz": gradient},
    takes_upstream=True,
    again=again,
    formula="dF/dz_rj = g_r (o_rj - t_rj), and g_r**2 (o_rj - t_rj) in a second backward",
    source="reported in quack PR 209",
    kind=FlawKind.CALL,
    links=("https://github.com/Dao-AILab/quack/pull/209",),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
    upstream=(2.0,),
)
