"""Lanes beyond the last class stay in the sum of exponentials.

A vector has four lanes, so a row is padded to a multiple of four classes. The padding is zero, the
usual filling. For a sum that is right, but for a softmax a logit of zero is a class like any other,
and minus infinity belongs there. The probabilities of the real classes are too small, and sum to
less than one. Rows of 4, 8 or 1024 classes have no padding and pass.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import OneOf, ParametricFlaw

__all__ = ["implementation", "padded_to"]


def padded_to(lanes: float, in_maximum: float = 1) -> Mapping[QuantityName, Function]:
    """Return ``o_j - t_j``, the softmax over the row with zeros up to a multiple of the lanes.

    The padding is in the sum, and in the maximum or not: then the exponential of minus the maximum
    may overflow.

    Examples
    --------
    >>> padded_to(4)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.75,  0.25]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        padding = -logits.shape[-1] % int(lanes)
        largest = logits.max(axis=-1, keepdims=True)
        if padding and in_maximum:
            largest = np.maximum(largest, 0)
        powers = np.exp(logits - largest)
        padded = padding * np.exp(-largest) if padding or not in_maximum else 0
        o: Array = powers / (powers.sum(axis=-1, keepdims=True) + padded)
        return o - targets

    return {"dE/dz": gradient}


def _stated(lanes: float, in_maximum: float = 1) -> str:
    stated = (
        f"o_j = exp(z_j) / (sum_k exp(z_k) + 1 for each class missing to a multiple of {lanes:g})"
    )
    return stated if in_maximum else f"{stated}, shifted by the maximum of the classes alone"


implementation = ParametricFlaw(
    name="padded-lanes-in-the-sum",
    functions=padded_to(4),
    formula=_stated(4),
    source="reported in tt-metal PR 20008",
    kind=FlawKind.SIZE,
    links=("https://github.com/tenstorrent/tt-metal/pull/20008",),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
    at=padded_to,
    stated=_stated,
    fit=OneOf(tuple((2.0**k, of_all) for k in range(1, 13) for of_all in (1.0, 0.0))),
)
