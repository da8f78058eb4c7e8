"""The slope of a softcap is a product of two factors.

1 - tanh**2 is (1 - tanh) (1 + tanh), which spares the rounding of the square. The logits are scaled
before they are capped, and the scale is a factor of the slope.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation, Loss

__all__ = ["gradient", "implementation"]

_CAP, _SCALE = 20.0, 0.125


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``s (o_j - t_j) (1 - tanh(s z_j / c)) (1 + tanh(s z_j / c))``, s = 1/8 and c = 20.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.0625,  0.0625]])
    """
    number = logits.dtype.type
    bent = np.tanh(logits * number(_SCALE / _CAP))
    u = bent * number(_CAP)
    powers = np.exp(u - u.max(axis=-1, keepdims=True))
    difference = powers / powers.sum(axis=-1, keepdims=True) - targets
    result: Array = difference * ((1 - bent) * (1 + bent) * number(_SCALE))
    return result


implementation = Implementation(
    name="softcap-slope-as-a-product",
    functions={"dE/dz": gradient},
    loss=Loss(softcap=_CAP, logit_scale=_SCALE),
)
