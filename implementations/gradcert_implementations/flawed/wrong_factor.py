"""Every value has a constant factor that does not belong.

The square of an error has a half before it, and its derivative has none: one of the two is carried
over. Or a loss scale, a weight of one loss among several or the number of devices is multiplied in
twice, or is divided out at one place only. All values have the right direction and the wrong size.
A learning rate hides it, and a test that compares directions passes.
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
    targets_of,
)

__all__ = ["implementation", "scaled"]


def scaled(factor: float) -> Mapping[QuantityName, Function]:
    """Return all quantities times a factor.

    Examples
    --------
    >>> scaled(2)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-1.,  1.]])
    """

    def shares(logits: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        return o

    def softmax(logits: Array) -> Array:
        return shares(logits) * factor

    def surprise(logits: Array) -> Array:
        shifted = logits - logits.max(axis=-1, keepdims=True)
        result: Array = np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted
        return result

    def loss(logits: Array, targets: Array) -> Array:
        total: Array = (targets * np.where(targets == 0, 0, surprise(logits))).sum(axis=-1)
        return total * factor

    def loss_by_probability(probabilities: Array, targets: Array) -> Array:
        return -targets / probabilities * factor

    def gradient(logits: Array, targets: Array) -> Array:
        return (shares(logits) - targets) * factor

    def log_softmax(logits: Array) -> Array:
        return -surprise(logits) * factor

    def target_gradient(logits: Array, _targets: Array) -> Array:
        return surprise(logits) * factor

    def softmax_backward(logits: Array, v: Array) -> Array:
        o = shares(logits)
        result: Array = o * (v - (o * v).sum(axis=-1, keepdims=True))
        return result * factor

    def log_softmax_backward(logits: Array, v: Array) -> Array:
        result: Array = (v - shares(logits) * v.sum(axis=-1, keepdims=True)) * factor
        return result

    def hessian_vector_product(logits: Array, targets: Array, v: Array) -> Array:
        result: Array = targets.sum(axis=-1, keepdims=True) * softmax_backward(logits, v)
        return result

    return {
        "softmax": softmax,
        "loss": loss,
        "dE/do": loss_by_probability,
        "dE/dz": gradient,
        "log-softmax": log_softmax,
        "softmax-backward": softmax_backward,
        "log-softmax-backward": log_softmax_backward,
        "hvp": hessian_vector_product,
        "dE/dt": target_gradient,
    }


def _stated(factor: float) -> str:
    return f"every value is {factor:g} times the true one"


def _read(seen: Seen) -> Readings:
    size = abs(seen.returned)
    if is_by_class(seen):
        size = size + targets_of(seen)
    return Readings.of(seen, seen.returned, seen.expected, size)


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    if not any(differs(seen).any() for seen in evidence):
        return []
    return [(factor,) for factor in agreed(map(_read, evidence)) if factor != 1]


implementation = ParametricFlaw(
    name="wrong-factor",
    functions=scaled(2),
    formula=_stated(2),
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),), ((1.0, 0.0),)),
    at=scaled,
    stated=_stated,
    fit=_fit,
)
