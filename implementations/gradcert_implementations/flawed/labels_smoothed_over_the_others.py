"""Label smoothing left on, its share over the other classes only.

There are two ways to smooth a label. One spreads a share of it over all classes, the other one over
all classes but its own, and each of the classes gets a little more. Papers and libraries differ,
and a port from one to the other changes the loss by one part in the number of classes. With two
classes the difference is a factor of two.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.reading import (
    Readings,
    agreed,
    below_largest,
    is_by_class,
)

__all__ = ["implementation", "smoothed_over_the_others"]


def smoothed_over_the_others(smoothing: float) -> Mapping[QuantityName, Function]:
    """Return loss and gradients for the targets ``t_j - e (n t_j - 1) / (n - 1)``, with n classes.

    Examples
    --------
    >>> smoothed_over_the_others(0.25)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.25,  0.25]])
    """

    def moved_away(targets: Array) -> Array:
        others = max(1, targets.shape[-1] - 1)
        taken: Array = (targets * targets.shape[-1] - 1) / others
        return targets - smoothing * taken

    def loss(logits: Array, targets: Array) -> Array:
        t = moved_away(targets)
        shifted = logits - logits.max(axis=-1, keepdims=True)
        surprise = np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted
        total: Array = (t * np.where(t == 0, 0, surprise)).sum(axis=-1)
        return total

    def loss_by_probability(probabilities: Array, targets: Array) -> Array:
        return -moved_away(targets) / probabilities

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        return o - moved_away(targets)

    return {"loss": loss, "dE/do": loss_by_probability, "dE/dz": gradient}


def _stated(smoothing: float) -> str:
    return f"t_j - {smoothing:g} (n t_j - 1) / (n - 1) in place of t_j, with n classes"


def _read(seen: Seen) -> Readings:
    targets = seen.arguments["targets"][seen.row].astype(np.float64)
    taken = (len(targets) * targets - 1) / max(1, len(targets) - 1)
    size = abs(seen.returned) + abs(seen.expected)
    if "probabilities" in seen.arguments:
        o = seen.arguments["probabilities"][seen.row].astype(np.float64)
        return Readings.of(seen, seen.returned - seen.expected, taken / o, size)
    if is_by_class(seen):
        return Readings.of(seen, seen.returned - seen.expected, taken, size + targets)
    shifted = below_largest(seen)
    with np.errstate(invalid="ignore"):
        slope = -taken @ (np.log(np.exp(shifted).sum()) - shifted)
    return Readings.of(seen, seen.returned - seen.expected, slope, size)


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    if any("targets" not in seen.arguments for seen in evidence):
        return []
    return [(smoothing,) for smoothing in agreed(map(_read, evidence), low=0, high=1)]


implementation = ParametricFlaw(
    name="labels-smoothed-over-the-others",
    functions=smoothed_over_the_others(0.1),
    formula=_stated(0.1),
    source="reported in aprender #2199, with e / (n - 1) in place of e / n",
    kind=FlawKind.FORMULA,
    links=("https://github.com/paiml/aprender/issues/2199",),
    exposed_by=(((1.0, 0.0),), ((1.0, 0.0),)),
    at=smoothed_over_the_others,
    stated=_stated,
    fit=_fit,
)
