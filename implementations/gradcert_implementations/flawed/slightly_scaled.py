"""The whole gradient is a little too large.

A scale that should cancel leaves a rest: the product of a factor and its rounded reciprocal, a loss
scale that is no power of two, or a weight that was stored with fewer digits. The error is one part
in ten million million in binary64, and one part in a hundred thousand in binary32. That is too
small for any customary tolerance, and many times the rounding error of a right algorithm.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``(o_j - t_j) (1 + 1e-13)``, in binary32 ``(o_j - t_j) (1 + 1e-5)``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]])) + [[0.5, -0.5]]
    array([[-4.99600361e-14,  4.99600361e-14]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    excess = 1e-13 if logits.dtype == np.float64 else 1e-5
    return (o - targets) * (1 + excess)


implementation = Flaw(
    name="slightly-scaled",
    functions={"dE/dz": gradient},
    formula="dE/dz_j = (o_j - t_j) (1 + 1e-13), in binary32 (1 + 1e-5)",
    source="made for this suite, to test how small an error it finds",
    kind=FlawKind.PRECISION,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
