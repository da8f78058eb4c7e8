"""The slope of a softcap is computed from the capped logits.

The forward keeps the capped logits u, and not the tanh. The backward divides them by the cap again:
the slope is 1 - (u / c)**2. That is one rounding more, and spares an array.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation, Loss

__all__ = ["gradient", "implementation"]

_CAP = 50.0


def gradient(logits: Array, targets: Array, upstream: Array) -> Array:
    """Return ``g_r (o_j - t_j) (1 - (u_j / c)**2)``, ``u_j = c tanh(z_j / c)`` and c = 50.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]), np.array([2.0]))
    array([[-1.,  1.]])
    """
    number = logits.dtype.type
    u = number(_CAP) * np.tanh(logits / number(_CAP))
    ratio = u / number(_CAP)
    powers = np.exp(u - u.max(axis=-1, keepdims=True))
    by_u = (powers / powers.sum(axis=-1, keepdims=True) - targets) * upstream[:, np.newaxis]
    result: Array = by_u * (1 - ratio * ratio)
    return result


implementation = Implementation(
    name="softcap-slope-from-the-capped-logits",
    functions={"dE/dz": gradient},
    loss=Loss(softcap=_CAP),
    takes_upstream=True,
)
