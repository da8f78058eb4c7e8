"""The full chain rule, through a division by the probability.

Loss and softmax are two functions with one derivative each, and the product of the derivatives is
formed number by number: first a division by the probability, then a multiplication by it. On paper
they cancel. In floating point the probability of a very unlikely target underflows, the quotient is
infinite, and infinity times zero is NaN, just where the gradient is steepest and simplest.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``sum_i (-t_i / o_i) o_i (delta_ij - o_j)``, the quotient first.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    slope = -targets / np.where(targets == 0, 1, o)
    weighted = slope * o
    result: Array = weighted - weighted.sum(axis=-1, keepdims=True) * o
    return result


implementation = Flaw(
    name="divided-by-softmax",
    functions={"dE/dz": gradient},
    formula="dE/dz_j = sum_i (-t_i / o_i) o_i (delta_ij - o_j)",
    source="reported in NNlib.jl #68",
    kind=FlawKind.OVERFLOW,
    links=("https://github.com/FluxML/NNlib.jl/issues/68",),
    exposed_by=(((1000.0, 0.0),), ((0.0, 1.0),)),
)
