"""A small constant added to the probability before the logarithm.

The logarithm of zero is infinite, and a small constant inside it is the shortest remedy. The loss
of a row then has a ceiling, and its slope one too. A probability that is not much larger than the
constant has a wrong loss already, long before anything overflows. With the logarithm of the softmax
computed from the logits, there is nothing to remedy.
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

__all__ = ["implementation", "with_epsilon"]


def with_epsilon(epsilon: float) -> Mapping[QuantityName, Function]:
    """Return the loss ``-sum_j t_j ln(o_j + epsilon)`` and its gradient ``-t_j / (o_j + epsilon)``.

    Examples
    --------
    >>> with_epsilon(1e-8)["loss"](np.array([[1000.0, 0.0]]), np.array([[0.0, 1.0]]))
    array([18.42068074])
    """

    def loss(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o = powers / powers.sum(axis=-1, keepdims=True)
        with np.errstate(divide="ignore"):
            total: Array = -(targets * np.log(np.where(targets == 0, 1, o) + epsilon)).sum(axis=-1)
        return total

    def loss_by_probability(probabilities: Array, targets: Array) -> Array:
        slope: Array = -targets / (probabilities + epsilon)
        return slope

    return {"loss": loss, "dE/do": loss_by_probability}


def _stated(epsilon: float) -> str:
    return f"E = -sum_j t_j ln(o_j + {epsilon:g}), dE/do_j = -t_j / (o_j + {epsilon:g})"


def _read(seen: Seen) -> Readings:
    """Read the constant from a slope, or from the loss of a one-hot row: ``exp(-E)`` is its sum."""
    wrong = differs(seen)
    returned, expected = seen.returned[wrong], seen.expected[wrong]
    if is_by_class(seen):
        targets = seen.arguments["targets"][seen.row].astype(np.float64)[wrong]
        below = returned < 0
        total = np.divide(targets, -returned, where=below, out=np.zeros(len(targets)))
        o = seen.arguments["probabilities"][seen.row].astype(np.float64)[wrong]
        return Readings.of(seen, total - o, np.ones(()), total + o)
    with np.errstate(over="ignore"):
        total, o = np.exp(-returned), np.exp(-expected)
    return Readings.of(seen, total - o, np.ones(()), (total + o) * (1 + abs(returned)))


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    told = [seen for seen in evidence if is_by_class(seen) or label_of(seen) is not None]
    if any("probabilities" not in seen.arguments and is_by_class(seen) for seen in told):
        return []
    return [(epsilon,) for epsilon in agreed(map(_read, told), low=0, high=1)]


implementation = ParametricFlaw(
    name="epsilon-in-the-logarithm",
    functions=with_epsilon(1e-8),
    formula=_stated(1e-8),
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((17.0, 0.0),), ((0.0, 1.0),)),
    at=with_epsilon,
    stated=_stated,
    fit=_fit,
)
