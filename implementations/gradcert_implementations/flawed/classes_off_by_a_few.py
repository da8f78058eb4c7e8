"""The values of a row stand a few classes too far to the right.

A vector load needs an aligned address, and the start of a row is not always one. It is rounded down
to a multiple of the vector's size, and the row begins a few numbers late, or a loop that starts at
one writes to the place before. Each value is right, and stands at another class.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import OneOf, ParametricFlaw

__all__ = ["implementation", "moved"]


def moved(places: float) -> Mapping[QuantityName, Function]:
    """Return ``o_j - t_j`` with all values moved to the right, the last ones to the front.

    Examples
    --------
    >>> moved(1)["dE/dz"](np.zeros((1, 4)), np.array([[1.0, 0.0, 0.0, 0.0]]))
    array([[ 0.25, -0.75,  0.25,  0.25]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        difference = powers / powers.sum(axis=-1, keepdims=True) - targets
        return np.roll(difference, int(places), axis=-1)

    return {"dE/dz": gradient}


def _stated(places: float) -> str:
    return f"dE/dz_j = o_k - t_k with k = j - {places:g}, counted around the row"


implementation = ParametricFlaw(
    name="classes-off-by-a-few",
    functions=moved(1),
    formula=_stated(1),
    source="a common slip",
    kind=FlawKind.SIZE,
    links=(),
    exposed_by=(((0.0, 0.0, 1.0),), ((1.0, 0.0, 0.0),)),
    at=moved,
    stated=_stated,
    fit=OneOf(tuple((float(sign * k),) for k in range(1, 9) for sign in (1, -1))),
)
