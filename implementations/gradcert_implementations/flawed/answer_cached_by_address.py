"""The answer is kept for the address of the arguments.

Somebody saves work that repeats, and knows a call again by the pointers and the shape of its
arguments. But a training loop writes each batch into the same buffers. So the addresses stay and
the numbers change, and each step gets the gradient of the first one. A test that makes a new array
for each call sees nothing.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]

_kept: dict[tuple[int, int, tuple[int, ...], str], Array] = {}


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j`` as it was when arrays stood at these addresses last.

    Examples
    --------
    >>> z, t = np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]])
    >>> before = gradient(z, t)
    >>> t[:] = [[0.0, 1.0]]
    >>> gradient(z, t)
    array([[-0.5,  0.5]])
    """
    key = (logits.ctypes.data, targets.ctypes.data, logits.shape, logits.dtype.str)
    if key not in _kept:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        _kept.clear()
        _kept[key] = powers / powers.sum(axis=-1, keepdims=True) - targets
    return _kept[key].copy()


implementation = Flaw(
    name="answer-cached-by-address",
    functions={"dE/dz": gradient},
    formula="dE/dz = o - t of the first call with these addresses and this shape",
    source="a common slip",
    kind=FlawKind.CALL,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
