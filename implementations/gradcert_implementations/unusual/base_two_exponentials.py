"""Powers of two in place of powers of e.

Hardware has an instruction for powers of two and none for powers of e, so kernels multiply by
log2(e) and use that. The rounding error of the product becomes a relative error of the power, as
the rounding error of the difference does.
"""

import math

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with ``exp(z_k - m)`` as ``2 ** ((z_k - m) log2(e))``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    log2_e = logits.dtype.type(math.log2(math.e))
    powers = np.exp2((logits - logits.max(axis=1, keepdims=True)) * log2_e)
    difference: Array = powers / powers.sum(axis=1, keepdims=True) - targets
    return difference


implementation = Implementation(name="base-two-exponentials", functions={"dE/dz": gradient})
