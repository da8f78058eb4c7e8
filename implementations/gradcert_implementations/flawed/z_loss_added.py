"""A z-loss left on, the option of a few models.

A z-loss adds a small multiple of the squared log-sum-exp to the loss, which keeps the logits of a
large model near zero. It is an option of a few fused kernels, and its weight is so small that the
loss hardly changes. But the gradient is no longer that of the cross-entropy. It does not sum to
zero, and a common shift of the logits changes it.
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
    shares_of,
)

__all__ = ["implementation", "with_z_loss"]


def with_z_loss(weight: float) -> Mapping[QuantityName, Function]:
    """Return loss and gradient of ``E + weight L**2``, with ``L = ln sum_k exp(z_k)``.

    Examples
    --------
    >>> with_z_loss(1)["loss"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([1.17360019])
    """

    def loss(logits: Array, targets: Array) -> Array:
        largest = logits.max(axis=-1, keepdims=True)
        shifted = logits - largest
        added = np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        total = (targets * np.where(targets == 0, 0, added - shifted)).sum(axis=-1)
        result: Array = total + (largest + added)[:, 0] ** 2 * weight
        return result

    def gradient(logits: Array, targets: Array) -> Array:
        largest = logits.max(axis=-1, keepdims=True)
        powers = np.exp(logits - largest)
        total = powers.sum(axis=-1, keepdims=True)
        o = powers / total
        result: Array = o - targets + o * (largest + np.log(total)) * (2 * weight)
        return result

    return {"loss": loss, "dE/dz": gradient}


def _stated(weight: float) -> str:
    return f"E + {weight:g} L**2 in place of E, with L = ln sum_k exp(z_k)"


def _read(seen: Seen) -> Readings:
    shifted = below_largest(seen)
    largest = float(seen.arguments["logits"][seen.row].max())
    log_sum_exp = largest + np.log(np.exp(shifted).sum())
    excess = seen.returned - seen.expected
    size = abs(seen.returned) + abs(seen.expected)
    shares = shares_of(seen)
    if shares is None:
        return Readings.of(seen, excess, log_sum_exp**2, size)
    return Readings.of(seen, excess, 2 * log_sum_exp * shares.true, shares.size)


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    if any("logits" not in seen.arguments for seen in evidence):
        return []
    return [(weight,) for weight in agreed(map(_read, evidence), low=0)]


implementation = ParametricFlaw(
    name="z-loss-added",
    functions=with_z_loss(1e-4),
    formula=_stated(1e-4),
    source="a common slip; the z-loss is an option of Liger-Kernel",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((1.0, 0.0),), ((1.0, 0.0),)),
    at=with_z_loss,
    stated=_stated,
    fit=_fit,
)
