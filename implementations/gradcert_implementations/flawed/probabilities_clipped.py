"""Probabilities clipped from below before the logarithm.

The logarithm of zero is infinite, and people first think of a small lower bound as the remedy. The
loss of a row then never exceeds 16, even if the network is certain and wrong. The slope of such a
row becomes a constant, just where it should be steepest. The right remedy is to compute the
logarithm of the probability from the logits.
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
    differs,
    is_by_class,
    label_of,
)

__all__ = ["clipped_at", "implementation"]


def clipped_at(least: float) -> Mapping[QuantityName, Function]:
    """Return ``-sum_j t_j ln max(o_j, least)`` and its gradient ``-t_j / max(o_j, least)``.

    Examples
    --------
    >>> clipped_at(1e-7)["loss"](np.array([[1000.0, 0.0]]), np.array([[0.0, 1.0]]))
    array([16.11809565])
    """

    def loss(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o = powers / powers.sum(axis=-1, keepdims=True)
        # A bound below the smallest number of the format leaves zeros, as it does in a kernel.
        held = np.maximum(np.where(targets == 0, 1, o), o.dtype.type(least))
        with np.errstate(divide="ignore"):
            total: Array = -(targets * np.log(held)).sum(axis=-1)
        return total

    def loss_by_probability(probabilities: Array, targets: Array) -> Array:
        slope: Array = -targets / np.maximum(probabilities, probabilities.dtype.type(least))
        return slope

    return {"loss": loss, "dE/do": loss_by_probability}


def _stated(least: float) -> str:
    return f"E = -sum_j t_j ln max(o_j, {least:g}), dE/do_j = -t_j / max(o_j, {least:g})"


def _read(seen: Seen) -> Readings:
    """Read the bound from a slope, or from the loss of a one-hot row, whose logarithm it is."""
    wrong = differs(seen)
    if is_by_class(seen):
        targets = seen.arguments["targets"][seen.row].astype(np.float64)[wrong]
        least = np.divide(
            targets,
            -seen.returned[wrong],
            where=seen.returned[wrong] < 0,
            out=np.zeros(len(targets)),
        )
        return Readings.of(seen, least, np.ones(()), least)
    with np.errstate(over="ignore"):
        least = np.exp(-seen.returned[wrong])
    return Readings.of(seen, least, np.ones(()), least * (1 + abs(seen.returned[wrong])))


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    if any("probabilities" not in seen.arguments and is_by_class(seen) for seen in evidence):
        return []
    told = [seen for seen in evidence if is_by_class(seen) or label_of(seen) is not None]
    if any((abs(seen.returned) > abs(seen.expected))[differs(seen)].any() for seen in evidence):
        return []
    return [(least,) for least in agreed(map(_read, told), low=0, high=1)]


implementation = ParametricFlaw(
    name="probabilities-clipped",
    functions=clipped_at(1e-7),
    formula=_stated(1e-7),
    source="a common slip; 1e-7 is the epsilon of Keras, which clips probabilities it is given",
    kind=FlawKind.PRECISION,
    links=(),
    exposed_by=(((17.0, 0.0),), ((0.0, 1.0),)),
    at=clipped_at,
    stated=_stated,
    fit=_fit,
)
