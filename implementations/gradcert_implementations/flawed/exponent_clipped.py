"""The argument of the exponential is clipped from below.

The difference to the largest logit is clipped from below, so that the exponential stays a normal
number and its logarithm is finite. All classes below the bound then have one probability. For a
class far below it is many times too large, and a masked class has one too. The loss of such a class
has a ceiling, just where it should be steepest.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import inf

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.reading import (
    Readings,
    agreed,
    below_largest,
    differs,
    label_of,
    shares_of,
)

__all__ = ["clipped_from", "implementation"]


_STEPS = 16


def clipped_from(depth: float) -> Mapping[QuantityName, Function]:
    """Return softmax, loss and gradient, with ``max(z_j - m, -depth)`` for ``z_j - m``, m = max z.

    Examples
    --------
    >>> clipped_from(64)["loss"](np.array([[1000.0, 0.0]]), np.array([[0.0, 1.0]]))
    array([64.])
    """

    def below(logits: Array) -> Array:
        shifted = logits - logits.max(axis=-1, keepdims=True)
        held: Array = np.maximum(shifted, shifted.dtype.type(-depth))
        return held

    def softmax(logits: Array) -> Array:
        powers = np.exp(below(logits))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        return o

    def loss(logits: Array, targets: Array) -> Array:
        held = below(logits)
        surprise = np.log(np.exp(held).sum(axis=-1, keepdims=True)) - held
        total: Array = (targets * surprise).sum(axis=-1)
        return total

    def gradient(logits: Array, targets: Array) -> Array:
        return softmax(logits) - targets

    return {"softmax": softmax, "loss": loss, "dE/dz": gradient}


def _stated(depth: float) -> str:
    return f"max(z_j - m, -{depth:g}) in place of z_j - m, with m = max z"


def _read(seen: Seen) -> Readings:
    """Read the depth: the least share beside that of the largest logit, or the loss of a label."""
    shifted = below_largest(seen)
    shares = shares_of(seen)
    if shares is None:
        # With the label above the bound, only the sum is too large, and the loss with it.
        if label_of(seen) is None or not (differs(seen) & (seen.returned < seen.expected)).any():
            return Readings(np.zeros(0), np.zeros(0))
        # The loss is the depth and the logarithm of a sum, which depends on the depth a little.
        depth = seen.returned - np.log(np.exp(shifted).sum())
        for _ in range(_STEPS if depth > 0 else 0):
            depth = seen.returned - np.log(np.exp(np.maximum(shifted, -depth)).sum())
        return Readings.of(seen, depth, np.ones(()), 1 + abs(seen.returned))
    raised = differs(seen) & (shares.shown > np.maximum(shares.true, 0)) & np.isfinite(shares.shown)
    top = int(shifted.argmax())
    if not raised.any() or not 0 < shares.shown[top] < inf:
        return Readings(np.zeros(0), np.zeros(0))
    shown = shares.shown[raised]
    # A depth is a logarithm, so a relative error of a share is an absolute one of the depth.
    error = shares.size[raised] / shown + shares.size[top] / shares.shown[top]
    return Readings.of(seen, np.log(shares.shown[top] / shown), np.ones(()), error)


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    if any("logits" not in seen.arguments for seen in evidence):
        return []
    return [(depth,) for depth in agreed(map(_read, evidence), low=0)]


implementation = ParametricFlaw(
    name="exponent-clipped",
    functions=clipped_from(64),
    formula=_stated(64),
    source="a common slip; 64 is the bound of Paddle",
    kind=FlawKind.PRECISION,
    links=(),
    exposed_by=(((65.0, 0.0),), ((1.0, 0.0),)),
    at=clipped_from,
    stated=_stated,
    fit=_fit,
)
