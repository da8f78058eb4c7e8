"""The scale of the logits is folded into powers of two.

Hardware has powers of two and not of e. The factor log2(e) and the scale of the logits are one
number then, so the scale costs nothing. Attention kernels do so.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation, Loss

__all__ = ["gradient", "implementation"]

_SCALE = 0.125


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``s (o_j - t_j)``, s = 1/8, with ``2 ** ((z_k - m) s log2(e))`` for exponentials.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.0625,  0.0625]])
    """
    folded = logits.dtype.type(_SCALE * np.log2(np.e))
    powers = np.exp2((logits - logits.max(axis=-1, keepdims=True)) * folded)
    difference = powers / powers.sum(axis=-1, keepdims=True) - targets
    result: Array = difference * logits.dtype.type(_SCALE)
    return result


implementation = Implementation(
    name="scale-folded-into-base-two",
    functions={"dE/dz": gradient},
    loss=Loss(logit_scale=_SCALE),
)
