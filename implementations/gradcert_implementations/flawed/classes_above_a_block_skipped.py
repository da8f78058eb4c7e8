"""The gradient of classes above a block size is never written.

The kernel that writes the gradient starts one thread per class, and a block has at most 1024
threads. The loop in which a thread takes further classes is missing, or the mask of the last block
is wrong. All classes above keep the zero with which the buffer was filled. The sum over the classes
is right, so the first 1024 values are right to the last digit.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]

_BLOCK = 1024


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j`` for ``j < 1024`` and 0 for all classes above.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
    result[:, _BLOCK:] = 0
    return result


implementation = Flaw(
    name="classes-above-a-block-skipped",
    functions={"dE/dz": gradient},
    formula="dE/dz_j = 0 for j >= 1024",
    source="a common slip",
    kind=FlawKind.SIZE,
    links=(),
    exposed_by=(((0.0,) * 1025,), ((1.0,) + (0.0,) * 1024,)),
)
