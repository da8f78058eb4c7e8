"""The first call of a process returns fresh memory.

A kernel is compiled or tuned when it is first called. The trial runs write into scratch memory, and
the first call returns it. All later calls are right, for every shape. A test that calls the kernel
once to warm it up, and then compares, sees nothing. A training run has one wrong step.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]

# The memory must be the same in every run: one byte, repeated.
_FRESH = 0x55
_tuned: set[str] = set()


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, if a call for the same format came before.

    Examples
    --------
    >>> tuning = gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    if logits.dtype.str not in _tuned:
        _tuned.add(logits.dtype.str)
        memory = np.full(logits.nbytes, _FRESH, dtype=np.uint8)
        return memory.view(logits.dtype).reshape(logits.shape)
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    difference: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
    return difference


implementation = Flaw(
    name="first-call-of-a-process",
    functions={"dE/dz": gradient},
    formula="dE/dz is fresh memory in the first call of a process, o - t in all later ones",
    source="a common slip",
    kind=FlawKind.CALL,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
