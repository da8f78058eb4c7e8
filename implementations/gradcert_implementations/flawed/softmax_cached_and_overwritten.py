"""The softmax is kept for the next call, and overwritten in this one.

The forward pass keeps its softmax, so that the backward pass need not compute it again. The
backward pass subtracts the targets from it in place, to save an array. The first call is right. The
next call on the same logits, for a second loss, a check or a retained graph, finds the gradient in
place of the softmax, and subtracts the targets a second time.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]

_kept: dict[tuple[bytes, tuple[int, ...], str], Array] = {}


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``; called again on equal logits, ``o_j - 2 t_j``.

    Examples
    --------
    >>> logits, targets = np.array([[0.25, 0.25]]), np.array([[1.0, 0.0]])
    >>> gradient(logits, targets)
    array([[-0.5,  0.5]])
    >>> gradient(logits, targets)
    array([[-1.5,  0.5]])
    """
    key = (logits.tobytes(), logits.shape, logits.dtype.str)
    if key not in _kept:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        _kept.clear()
        _kept[key] = powers / powers.sum(axis=-1, keepdims=True)
    o = _kept[key]
    o -= targets
    return o.copy()


implementation = Flaw(
    name="softmax-cached-and-overwritten",
    functions={"dE/dz": gradient},
    formula="dE/dz_j = o_j - t_j, then o_j - 2 t_j for equal logits, and so on",
    source="a common slip",
    kind=FlawKind.CALL,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
