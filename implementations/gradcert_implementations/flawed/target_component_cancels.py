"""The component of a sure target is lost to cancellation.

If the probability of the target is close to one, subtracting one leaves the rounding error of the
probability, or zero. The true value is minus the sum of the other probabilities, a number that the
format can hold. Every mainstream library computes the difference. Its error is within the bounds of
the textbook's algorithm, but the answer is never the best possible.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, also where ``t_j = 1`` and o_j rounds to it.

    Examples
    --------
    >>> gradient(np.array([[1000.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[0., 0.]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return o - targets


implementation = Flaw(
    name="target-component-cancels",
    functions={"dE/dz": gradient},
    formula="dE/dz_j = o_j - t_j, and not -sum_k o_k over k != j where t_j = 1",
    source="reported in PyTorch #195678, TensorFlow #126634, JAX #40344",
    kind=FlawKind.PRECISION,
    links=(
        "https://github.com/pytorch/pytorch/issues/195678",
        "https://github.com/tensorflow/tensorflow/issues/126634",
        "https://github.com/jax-ml/jax/issues/40344",
    ),
    exposed_by=(((37.43, 0.0),), ((1.0, 0.0),)),
    verdict="conforms",
)
