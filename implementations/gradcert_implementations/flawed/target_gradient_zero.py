"""The gradient by the targets is zero.

A fused loss was written for labels that are given. Its backward returns a gradient for the logits,
and zeros for the targets. Where the targets are learned, in distillation or between two views of
one input, half of the gradient is missing. Nothing raises: zero is what a loss returns that does
not depend on its targets.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["implementation", "target_gradient"]


def target_gradient(_logits: Array, targets: Array) -> Array:
    """Return zeros, where ``-ln o_j`` is right.

    Examples
    --------
    >>> target_gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[0., 0.]])
    """
    return np.zeros_like(targets, order="C")


implementation = Flaw(
    name="target-gradient-zero",
    functions={"dE/dt": target_gradient},
    formula="dE/dt_j = 0",
    source="reported in TensorFlow #26495",
    kind=FlawKind.FORMULA,
    links=("https://github.com/tensorflow/tensorflow/issues/26495",),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
