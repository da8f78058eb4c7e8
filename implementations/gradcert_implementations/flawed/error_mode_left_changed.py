"""Warnings of overflow are silenced, for the caller and everybody else too.

The exponential of a saturated row underflows, and a masked row takes the logarithm of zero. Both
are fine, so ``np.seterr(all="ignore")`` is written in front of them. But that changes a setting of
the whole thread, and nothing sets it back. From then on a division by zero in other code gives no
warning. The gradient is right. The author wanted ``with np.errstate(all="ignore"):``.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, and change numpy's error mode.

    Examples
    --------
    >>> with np.errstate(over="warn"):
    ...     gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    ...     np.geterr()["over"]
    array([[-0.5,  0.5]])
    'ignore'
    """
    np.seterr(all="ignore")
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    difference: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
    return difference


implementation = Flaw(
    name="error-mode-left-changed",
    functions={"dE/dz": gradient},
    formula="np.seterr(all='ignore'), dE/dz_j = o_j - t_j",
    source="the manual of NumPy, numpy.seterr and numpy.errstate",
    kind=FlawKind.SIDE_EFFECT,
    links=("https://numpy.org/doc/stable/reference/generated/numpy.seterr.html",),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
