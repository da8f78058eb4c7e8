"""The gradient takes the place of the logits, and the domain says so.

Logits of a large vocabulary are the largest array of a training step, so fused kernels have no
second one. Everything is computed in binary32 at least, the z-loss too, and rounded once where the
logits were.
"""

import numpy as np

from gradcert_implementations.interface import Array, Domain, Implementation, Loss

__all__ = ["gradient", "implementation"]

_Z_LOSS = 1e-4


def gradient(logits: Array, targets: Array, upstream: Array) -> Array:
    """Return ``g_r (o_j - t_j + 2 zeta L o_j)`` in the memory of the logits.

    Examples
    --------
    >>> z = np.zeros((1, 2))
    >>> gradient(z, np.array([[1.0, 0.0]]), np.array([2.0])) is z, z.round(3)
    (True, array([[-1.,  1.]]))
    """
    wide = np.promote_types(logits.dtype, np.float32)
    z, t, g = (array.astype(wide) for array in (logits, targets, upstream))
    largest = z.max(axis=-1, keepdims=True)
    powers = np.exp(z - largest)
    total = powers.sum(axis=-1, keepdims=True)
    o = powers / total
    added = o * ((largest + np.log(total)) * wide.type(2 * _Z_LOSS))
    logits[:] = ((o - t + added) * g[:, np.newaxis]).astype(logits.dtype)
    return logits


implementation = Implementation(
    name="gradient-in-place-of-the-logits",
    functions={"dE/dz": gradient},
    formats=("binary32", "bfloat16"),
    loss=Loss(z_loss=_Z_LOSS),
    domain=Domain(overwrites_logits=True),
    takes_upstream=True,
)
