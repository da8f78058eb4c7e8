"""The first call after a change of shape returns fresh memory.

A library prepares a plan for each new shape: it allocates memory, and tries several kernels. Its
trial runs write into scratch memory, and the first call forgets to run the chosen kernel once more
for its own answer. The plan is kept until the shape changes, and all later calls are right. A loop
over batches of one size hides it, except for the last batch of an epoch, which is shorter.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]

# The memory must be the same in every run: one byte, repeated.
_FRESH = 0x55
_plan: set[tuple[tuple[int, ...], str]] = set()


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, if the previous call was for the same shape and format.

    Examples
    --------
    >>> planned = gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    plan = (logits.shape, logits.dtype.str)
    if plan not in _plan:
        _plan.clear()
        _plan.add(plan)
        memory = np.full(logits.nbytes, _FRESH, dtype=np.uint8)
        return memory.view(logits.dtype).reshape(logits.shape)
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return o - targets


implementation = Flaw(
    name="first-call-of-a-shape",
    functions={"dE/dz": gradient},
    formula="dE/dz is fresh memory in the first call of a shape, o - t in the next ones",
    source="a common slip",
    kind=FlawKind.CALL,
    links=(),
    exposed_by=(((0.0,) * 8,), ((1.0, *(0.0,) * 7),)),
)
