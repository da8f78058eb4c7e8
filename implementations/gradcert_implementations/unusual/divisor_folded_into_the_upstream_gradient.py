"""The divisor of a mean is folded into the upstream gradient.

One factor for the whole batch, g / D, is computed first, and each slope is multiplied once. D is
the number of rows that are kept. Liger-Kernel's losses do so.
"""

import numpy as np

from gradcert_implementations.interface import (
    Array,
    Domain,
    Implementation,
    Loss,
    MeanOver,
    Reduction,
)

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array, upstream: Array) -> Array:
    """Return ``(g / D) m_r (o_j - t_j)``, D the number of rows with a target.

    Examples
    --------
    >>> z, t = np.zeros((2, 2)), np.array([[1.0, 0.0], [0.0, 0.0]])
    >>> gradient(z, t, np.array(4.0))
    array([[-2.,  2.],
           [ 0.,  0.]])
    """
    kept = targets.any(axis=-1)
    factor = upstream / upstream.dtype.type(max(1, int(kept.sum())))
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    slopes = powers / powers.sum(axis=-1, keepdims=True) - targets
    slopes[~kept] = 0
    result: Array = slopes * factor
    return result


implementation = Implementation(
    name="divisor-folded-into-the-upstream-gradient",
    functions={"dE/dz": gradient},
    loss=Loss(ignore_index=-100, reduction=Reduction.MEAN, mean_over=MeanOver.KEPT),
    domain=Domain(targets="index"),
    takes_upstream=True,
)
