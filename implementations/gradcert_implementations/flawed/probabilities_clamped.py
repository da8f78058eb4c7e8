"""Probabilities clamped on both sides before the target is subtracted.

Probabilities are clamped away from zero and from one so that a logarithm is finite, and the
gradient reuses the clamped ones. A saturated row has then a gradient of a constant size where the
true one is next to nothing, and the classes that are all but impossible get a constant push each.
The larger the vocabulary, the more of them there are. Confident rows never come to rest.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.reading import (
    Readings,
    Shares,
    agreed,
    differs,
    shares_of,
)

__all__ = ["clamped", "implementation"]


def clamped(least: float) -> Mapping[QuantityName, Function]:
    """Return ``clip(o_j, least, 1 - least)``, and with it the gradient.

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

    def gradient(logits: Array, targets: Array) -> Array:
        return softmax(logits) - targets

    return {"softmax": softmax, "dE/dz": gradient}


def _stated(least: float) -> str:
    return f"o_j = clip(softmax(z)_j, {least:g}, 1 - {least:g})"


def _read(seen: Seen, shares: Shares) -> Readings:
    wrong = differs(seen)
    raised, lowered = wrong & (shares.shown > shares.true), wrong & (shares.shown < shares.true)
    # A share that was lowered is one less the bound.
    bound = np.where(raised, shares.shown, np.where(lowered, 1 - shares.shown, 0))
    return Readings.of(seen, bound[wrong], np.ones(()), shares.size[wrong])


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    shares = [(seen, shares_of(seen)) for seen in evidence]
    found = [_read(seen, shown) for seen, shown in shares if shown is not None]
    return [(least,) for least in agreed(found, low=0, high=0.5)]


implementation = ParametricFlaw(
    name="probabilities-clamped",
    functions=clamped(1e-7),
    formula=_stated(1e-7),
    source="a common slip; 1e-7 is the epsilon of Keras",
    exposed_by=(((32.0, 0.0),), ((1.0, 0.0),)),
    at=clamped,
    stated=_stated,
    fit=_fit,
)
