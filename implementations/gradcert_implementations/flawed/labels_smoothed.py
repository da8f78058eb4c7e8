"""Label smoothing left on.

Label smoothing takes a little of the target away and spreads it evenly over all classes. It is an
option of most losses. Where it is on by default, or is set once for a whole training run, the loss
is not the plain cross-entropy that is promised. Gradient and loss fit each other, so a difference
quotient of this loss finds nothing wrong.
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

__all__ = ["implementation", "smoothed"]


def smoothed(smoothing: float) -> Mapping[QuantityName, Function]:
    """Return loss and gradients for the targets ``(1 - e) t_j + e / n``, with n classes.

    Examples
    --------
    >>> smoothed(0.25)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.375,  0.375]])
    """

    def moved_away(targets: Array) -> Array:
        moved: Array = (1 - smoothing) * targets + smoothing / targets.shape[-1]
        return moved

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
    return f"(1 - {smoothing:g}) t_j + {smoothing:g} / n in place of t_j, with n classes"


def _read(seen: Seen) -> Readings:
    targets = seen.arguments["targets"][seen.row].astype(np.float64)
    taken = targets - 1 / len(targets)
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
    name="labels-smoothed",
    functions=smoothed(0.1),
    formula=_stated(0.1),
    source='the option: Szegedy et al., "Rethinking the Inception Architecture" (2016)',
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((1.0, 0.0),), ((1.0, 0.0),)),
    at=smoothed,
    stated=_stated,
    fit=_fit,
)
