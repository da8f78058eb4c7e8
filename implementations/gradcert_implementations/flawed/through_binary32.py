"""Computed in binary32 and handed back as binary64.

A framework whose default is binary32 converts on the way in, a kernel has one instance only, or a
constant array is narrower than anybody thought; on the way out the type is put right again. The
dtype says binary64, and half of the digits are noise. Finite differences in the same arithmetic
need so wide a tolerance that they see nothing.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``binary32(o_j - t_j)``, which holds 24 bits of the 53.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    z, t = logits.astype(np.float32), targets.astype(np.float32)
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    difference: Array = powers / powers.sum(axis=-1, keepdims=True) - t
    return difference.astype(logits.dtype)


implementation = Flaw(
    name="through-binary32",
    functions={"dE/dz": gradient},
    formats=("binary64",),
    formula="dE/dz_j = binary32(o_j - t_j)",
    source="a common slip; JAX computes in binary32 unless jax_enable_x64 is set",
    exposed_by=(((1.0, 0.0),), ((1.0, 0.0),)),
    rounds_to="binary32",
)
