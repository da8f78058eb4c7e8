"""One shift for the whole batch in place of one for each row.

On paper any shift is right, and the largest logit of the whole array is one call without an axis.
No exponential overflows, and rows of similar size come out right. A row that lies far below the
largest one loses its digits to underflow. If all its exponentials are zero, the result is zero
divided by zero. The answer for a row depends on its neighbours.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, all rows shifted by the largest logit of the batch.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    powers = np.exp(logits - logits.max(initial=-np.inf))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return o - targets


implementation = Flaw(
    name="one-maximum-for-the-batch",
    functions={"dE/dz": gradient},
    formula="o_bj = exp(z_bj - m) / sum_k exp(z_bk - m), m = max z over all rows",
    source="reported in crysx_nn #7, torch-autograd #166",
    kind=FlawKind.OVERFLOW,
    links=(
        "https://github.com/manassharma07/crysx_nn/issues/7",
        "https://github.com/twitter-archive/torch-autograd/issues/166",
    ),
    exposed_by=(((1000.0, 0.0), (0.0, 0.0)), ((1.0, 0.0), (1.0, 0.0))),
)
