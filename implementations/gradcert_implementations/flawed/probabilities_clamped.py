"""Probabilities clamped on both sides before the target is subtracted.

Probabilities are clamped away from zero and from one so that a logarithm is finite, and the
gradient reuses the clamped ones. A saturated row has then a gradient of a constant size where the
true one is next to nothing, and the classes that are all but impossible get a constant push each.
The larger the vocabulary, the more of them there are. Confident rows never come to rest.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.reading import (
    Readings,
    Shares,
    agreed,
    differs,
    is_by_class,
    label_of,
    shares_of,
)

__all__ = ["clamped", "implementation"]


def clamped(least: float) -> Mapping[QuantityName, Function]:
    """Return ``clip(o_j, least, 1 - least)``, and with it the loss and the gradients.

    Examples
    --------
    >>> clamped(0.125)["dE/dz"](np.array([[9.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.125,  0.125]])
    """

    def softmax(logits: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o = powers / powers.sum(axis=-1, keepdims=True)
        kept: Array = np.clip(o, o.dtype.type(least), o.dtype.type(1 - least))
        return kept

    def loss(logits: Array, targets: Array) -> Array:
        total: Array = -(targets * np.log(softmax(logits))).sum(axis=-1)
        return total

    def loss_by_probability(probabilities: Array, targets: Array) -> Array:
        o = probabilities
        slope: Array = -targets / np.clip(o, o.dtype.type(least), o.dtype.type(1 - least))
        return slope

    def gradient(logits: Array, targets: Array) -> Array:
        return softmax(logits) - targets

    return {
        "softmax": softmax,
        "loss": loss,
        "dE/do": loss_by_probability,
        "dE/dz": gradient,
    }


def _stated(least: float) -> str:
    return f"o_j = clip(softmax(z)_j, {least:g}, 1 - {least:g})"


def _shown(seen: Seen) -> Shares | None:
    """Return the probabilities that an answer shows; those of a loss are that of its label."""
    if "probabilities" in seen.arguments:
        targets = seen.arguments["targets"][seen.row].astype(np.float64)
        told = (targets > 0) & (seen.returned < 0)
        true = seen.arguments["probabilities"][seen.row].astype(np.float64)
        shown = np.divide(targets, -seen.returned, where=told, out=true.copy())
        return Shares(true, shown, shown)
    if is_by_class(seen):
        return shares_of(seen)
    if label_of(seen) is None:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        true, shown = np.exp(-seen.expected), np.exp(-seen.returned)
        return Shares(true, shown, shown * (1 + abs(seen.returned)))


def _read(seen: Seen) -> Readings:
    """Read the bound: a share that was raised, or one less a share that was lowered."""
    shares = _shown(seen)
    if shares is None:
        return Readings(np.zeros(0), np.zeros(0))
    wrong = differs(seen)
    raised, lowered = wrong & (shares.shown > shares.true), wrong & (shares.shown < shares.true)
    bound = np.where(raised, shares.shown, np.where(lowered, 1 - shares.shown, 0))
    return Readings.of(seen, bound[wrong], np.ones(()), shares.size[wrong])


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    return [(least,) for least in agreed(map(_read, evidence), low=0, high=0.5)]


implementation = ParametricFlaw(
    name="probabilities-clamped",
    functions=clamped(1e-7),
    formula=_stated(1e-7),
    source="a common slip; 1e-7 is the epsilon of Keras",
    kind=FlawKind.PRECISION,
    links=(),
    exposed_by=(((32.0, 0.0),), ((1.0, 0.0),)),
    at=clamped,
    stated=_stated,
    fit=_fit,
)
