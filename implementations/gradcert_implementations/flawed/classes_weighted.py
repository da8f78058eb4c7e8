"""Each class has a weight, the option of most losses.

Weights of the classes make up for classes that are rare in the data. They are an option of most
losses, and are often computed once from the data and stored in the loss. Where they stay on, the
row of a label has the weight of that label as a factor. A data set whose classes are equally many
has equal weights, so a test on it sees at most a constant factor.
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
    is_by_class,
    label_of,
    targets_of,
)

__all__ = ["implementation", "weighted"]

_ROUNDING = 2.0**-5
"""A weight nearer to one may come from the roundings of bfloat16."""


def weighted(*weights: float) -> Mapping[QuantityName, Function]:
    """Return loss and gradients for the targets ``w_j t_j``; a class without a weight has one.

    Examples
    --------
    >>> weighted(1, 2)["dE/dz"](np.zeros((2, 2)), np.eye(2))
    array([[-0.5,  0.5],
           [ 1. , -1. ]])
    """

    def of_weight(targets: Array) -> Array:
        count = min(len(weights), targets.shape[-1])
        factors = np.ones(targets.shape[-1], targets.dtype)
        factors[:count] = weights[:count]
        return targets * factors

    def loss(logits: Array, targets: Array) -> Array:
        shifted = logits - logits.max(axis=-1, keepdims=True)
        surprise = np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted
        total: Array = (of_weight(targets) * np.where(targets == 0, 0, surprise)).sum(axis=-1)
        return total

    def loss_by_probability(probabilities: Array, targets: Array) -> Array:
        return -of_weight(targets) / probabilities

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        a = of_weight(targets)
        result: Array = o * a.sum(axis=-1, keepdims=True) - a
        return result

    return {"loss": loss, "dE/do": loss_by_probability, "dE/dz": gradient}


def _stated(*weights: float) -> str:
    others = [f"{w:g} for class {j}" for j, w in enumerate(weights) if w != 1]
    listed = others if len(others) <= 4 else [*others[:4], "..."]
    return f"w_j t_j in place of t_j, with w = {', '.join(listed)}, else 1"


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    """Read the weight of each label; nothing if a row of it is not the true one times a factor."""
    by_label: dict[int, list[Readings]] = {}
    for seen in evidence:
        label = label_of(seen)
        if label is None:
            continue
        size = abs(seen.returned) + (targets_of(seen) if is_by_class(seen) else 0)
        reading = Readings.of(seen, seen.returned, seen.expected, size)
        by_label.setdefault(label, []).append(reading)
    candidates = {label: agreed(readings, low=0) for label, readings in by_label.items()}
    if not all(candidates.values()) or not candidates:
        return []
    classes = max(candidates) + 1
    weights = [
        tuple(candidates.get(label, [1.0])[place] for label in range(classes)) for place in (0, -1)
    ]
    return [found for found in weights if not np.allclose(found, 1, atol=_ROUNDING)]


implementation = ParametricFlaw(
    name="classes-weighted",
    functions=weighted(2, 0.5),
    formula=_stated(2, 0.5),
    source="a common slip; the weights are an option of PyTorch's cross_entropy",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
    at=weighted,
    stated=_stated,
    fit=_fit,
)
