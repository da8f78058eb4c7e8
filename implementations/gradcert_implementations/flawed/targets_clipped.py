"""Targets clipped before use.

Targets are taken for probabilities, and a clip to the range from zero to one is put before the loss
against bad data. But counts, soft labels with weights and several labels at once have larger
entries, or somebody wants to limit the weight of a class and picks another bound. Loss and gradient
fit each other, so a difference quotient of this loss finds nothing wrong. Targets within the range
are treated rightly.
"""

from collections.abc import Mapping
from math import inf

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Domain, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import OneOf, ParametricFlaw

__all__ = ["clipped_to", "implementation"]


def clipped_to(largest: float) -> Mapping[QuantityName, Function]:
    """Return loss and gradients for the targets ``min(max(t_j, 0), largest)``.

    Examples
    --------
    >>> clipped_to(1)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[2.0, 0.0]]))
    array([[-0.5,  0.5]])
    """

    def loss(logits: Array, targets: Array) -> Array:
        t = np.clip(targets, 0, largest)
        shifted = logits - logits.max(axis=-1, keepdims=True)
        surprise = np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted
        total: Array = (t * np.where(t == 0, 0, surprise)).sum(axis=-1)
        return total

    def loss_by_probability(probabilities: Array, targets: Array) -> Array:
        slope: Array = -np.clip(targets, 0, largest) / probabilities
        return slope

    def gradient(logits: Array, targets: Array) -> Array:
        t = np.clip(targets, 0, largest)
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        result: Array = o * t.sum(axis=-1, keepdims=True) - t
        return result

    return {"loss": loss, "dE/do": loss_by_probability, "dE/dz": gradient}


def _stated(largest: float) -> str:
    bounded = "max(t_j, 0)" if largest == inf else f"min(max(t_j, 0), {largest:g})"
    return f"{bounded} in place of t_j"


implementation = ParametricFlaw(
    name="targets-clipped",
    functions=clipped_to(1),
    domain=Domain(targets="any"),
    formula=_stated(1),
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((2.0, 0.0),)),
    at=clipped_to,
    stated=_stated,
    fit=OneOf(tuple((largest,) for largest in (1.0, 2.0, 4.0, 8.0, 10.0, 100.0, 1000.0, inf))),
)
