"""The search for the largest logit starts at zero.

A running maximum needs a start, and zero is at hand. So is FLT_MIN, which is the smallest positive
number and not the most negative one. Padding lanes filled with zeros do the same. If a logit is
positive, nothing happens. If all logits are far below zero, the shift is zero, every exponential
underflows, and zero is divided by zero. Examples with logits of either sign pass.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, shifted by ``max(0, max z)``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True, initial=0))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return o - targets


implementation = Flaw(
    name="maximum-started-at-zero",
    functions={"dE/dz": gradient},
    formula="o_j = exp(z_j - m) / S, with m = max(0, max z)",
    source="reported in NNlib.jl PR 43, tinyengine #107, csarofeen/pytorch PR 1141",
    kind=FlawKind.OVERFLOW,
    links=(
        "https://github.com/FluxML/NNlib.jl/pull/43",
        "https://github.com/mit-han-lab/tinyengine/issues/107",
        "https://github.com/csarofeen/pytorch/pull/1141",
    ),
    exposed_by=(((-1000.0, -1000.0),), ((1.0, 0.0),)),
)
