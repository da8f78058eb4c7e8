"""The gradient is written into the buffer of the softmax, then read from it.

The backward kernel of softmax copies the upstream gradient into its destination, subtracts the dot
product there, and multiplies by the softmax. A memory planner sees that the softmax is not needed
afterwards and hands out its buffer as the destination. The first step destroys what the last step
reads, and the difference is multiplied by itself. Without the planner the kernel is right.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``(g_j - sum_i g_i o_i)**2``, with ``g_j = -t_j / o_j``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[1., 1.]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    upstream = -targets / np.where(targets == 0, 1, o)
    product = (upstream * o).sum(axis=-1, keepdims=True)
    destination = o
    destination[...] = upstream
    destination -= product
    destination *= o
    return destination


implementation = Flaw(
    name="written-into-the-softmax-it-reads",
    functions={"dE/dz": gradient},
    formula="dE/dz_j = (g_j - sum_i g_i o_i) (g_j - sum_i g_i o_i), g_j = -t_j / o_j",
    source="reported in llama.cpp PR 27096",
    kind=FlawKind.MEMORY,
    links=("https://github.com/ggml-org/llama.cpp/pull/27096",),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
