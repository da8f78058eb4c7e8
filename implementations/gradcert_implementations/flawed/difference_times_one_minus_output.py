"""The difference times one minus the output.

A network class multiplies the error of each output by the derivative of its activation. For softmax
with cross-entropy the difference of output and target is the whole gradient, and no slope belongs
to it. Here the slope is there, and lacks its factor as well. The sign is right in every class and
training makes progress, more and more slowly as it becomes certain.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``(o_j - t_j) (1 - o_j)``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.25,  0.25]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    result: Array = (o - targets) * (1 - o)
    return result


implementation = Flaw(
    name="difference-times-one-minus-output",
    functions={"dE/dz": gradient},
    formula="dE/dz_j = (o_j - t_j) (1 - o_j)",
    source="reported in neuroph #37",
    kind=FlawKind.FORMULA,
    links=("https://github.com/neuroph/neuroph/issues/37",),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
