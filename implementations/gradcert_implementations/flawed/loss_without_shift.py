"""The loss as log-sum-exp minus the target's logit, without a shift.

This form of the loss needs no division and no logarithm of a small probability, which makes it
attractive. But the sum of exponentials overflows as soon as one logit is large. The logarithm of
infinity is infinite, although the loss may be close to zero. The gradient of the same library often
takes another path and is right.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["implementation", "loss"]


def loss(logits: Array, targets: Array) -> Array:
    """Return ``ln(sum_k exp(z_k)) sum_j t_j - sum_j t_j z_j``, without a shift.

    Examples
    --------
    >>> loss(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([0.69314718])
    """
    log_sum_exp = np.log(np.exp(logits).sum(axis=-1))
    hit = np.where(targets == 0, 0, targets * logits).sum(axis=-1)
    total: Array = log_sum_exp * targets.sum(axis=-1) - hit
    return total


implementation = Flaw(
    name="loss-without-shift",
    functions={"loss": loss},
    formula="E = ln(sum_k exp(z_k)) sum_j t_j - sum_j t_j z_j",
    source="reported in PyTorch #11752, #38839, MLX #4188",
    kind=FlawKind.OVERFLOW,
    links=(
        "https://github.com/pytorch/pytorch/issues/11752",
        "https://github.com/pytorch/pytorch/issues/38839",
        "https://github.com/ml-explore/mlx/issues/4188",
    ),
    exposed_by=(((1000.0, 0.0),), ((1.0, 0.0),)),
)
