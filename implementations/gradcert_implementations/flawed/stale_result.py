"""The result of the previous call is returned.

A device works asynchronously. A copy back that does not wait for the kernel returns the contents
that the last call of that shape left in the buffer. A test that calls once sees the right answer,
and so does a test that repeats one input. Training sees the gradient of the step before, and nearly
converges.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]

_last: dict[tuple[tuple[int, ...], str], Array] = {}


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j`` of the previous call, if its arguments had this shape and dtype.

    Examples
    --------
    >>> other_shape = gradient(np.zeros((1, 1)), np.ones((1, 1)))
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[0.0, 1.0]]))
    array([[-0.5,  0.5]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    computed: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
    key = (logits.shape, logits.dtype.str)
    found = _last.get(key, computed)
    _last.clear()
    _last[key] = computed
    return found.copy()


implementation = Flaw(
    name="stale-result",
    functions={"dE/dz": gradient},
    formula="dE/dz = o - t of the previous call of that shape",
    source="a common slip",
    kind=FlawKind.CALL,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
