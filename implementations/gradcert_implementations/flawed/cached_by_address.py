"""A result that is kept by the address of its arguments.

A cache spares the work if a call comes with the same arrays as before. It compares their addresses
and their shapes, and not their numbers. A training loop writes the next batch into the same
buffers, and gets the gradient of the first batch for ever. A test with fresh arrays sees nothing,
until the memory of an old array is used again.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]

_KEPT = 64
_known: dict[tuple[object, ...], Array] = {}


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j`` of the numbers that these arrays held when they came first.

    Examples
    --------
    >>> logits, targets = np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]])
    >>> gradient(logits, targets)
    array([[-0.5,  0.5]])
    >>> targets[:] = 0.0, 1.0
    >>> gradient(logits, targets)
    array([[-0.5,  0.5]])
    """
    key = (logits.ctypes.data, targets.ctypes.data, logits.shape, logits.dtype.str)
    if key not in _known:
        if len(_known) == _KEPT:
            _known.clear()
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        _known[key] = powers / powers.sum(axis=-1, keepdims=True) - targets
    return _known[key].copy()


implementation = Flaw(
    name="cached-by-address",
    functions={"dE/dz": gradient},
    formula="dE/dz = o - t of the numbers that stood at these addresses first",
    source="a common slip",
    kind=FlawKind.CALL,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
