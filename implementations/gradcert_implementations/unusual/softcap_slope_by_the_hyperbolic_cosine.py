"""The slope of a softcap is one over the square of a hyperbolic cosine.

It equals 1 - tanh**2, and is as accurate where that has lost all its digits. The square of the
cosine overflows for large logits, and the slope is zero then, which is right to within the smallest
number.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation, Loss

__all__ = ["gradient", "implementation"]

_CAP = 30.0


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``(o_j - t_j) / cosh(z_j / c)**2`` for the outputs of capped logits, c = 30.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    number = logits.dtype.type
    x = logits / number(_CAP)
    u = number(_CAP) * np.tanh(x)
    with np.errstate(over="ignore"):
        inverse = 1 / np.cosh(x)
    powers = np.exp(u - u.max(axis=-1, keepdims=True))
    difference = powers / powers.sum(axis=-1, keepdims=True) - targets
    result: Array = difference * (inverse * inverse)
    return result


implementation = Implementation(
    name="softcap-slope-by-the-hyperbolic-cosine",
    functions={"dE/dz": gradient},
    loss=Loss(softcap=_CAP),
)
