"""Logits pass through a softcap whose slope is missing backward.

The forward pass caps the logits by c tanh(z / c), and the fused backward pass was written for plain
logits. It takes the softmax of the capped ones and subtracts the target, which is the gradient by
the capped logits. The slope of the tanh is missing. For small logits it is nearly one, so that
nobody misses it; for large ones the gradient should vanish and does not.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import Between, ParametricFlaw

__all__ = ["capped_forward", "implementation"]


def capped_forward(cap: float) -> Mapping[QuantityName, Function]:
    """Return ``softmax(cap tanh(z / cap))_j - t_j``.

    Examples
    --------
    >>> capped_forward(1)["dE/dz"](np.array([[0.0, 5.0]]), np.array([[0.0, 1.0]]))
    array([[ 0.26895927, -0.26895927]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        u = cap * np.tanh(logits / cap)
        powers = np.exp(u - u.max(axis=-1, keepdims=True))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        return o - targets

    return {"dE/dz": gradient}


def _stated(cap: float) -> str:
    return f"dE/dz_j = softmax({cap:g} tanh(z / {cap:g}))_j - t_j"


implementation = ParametricFlaw(
    name="softcap-without-its-slope",
    functions=capped_forward(30),
    formula=_stated(30),
    source="a common slip; unsloth-zoo PR 593 reports another wrong softcap",
    kind=FlawKind.FORMULA,
    links=("https://github.com/unslothai/unsloth-zoo/pull/593",),
    exposed_by=(((16.0, 14.0),), ((1.0, 0.0),)),
    at=capped_forward,
    stated=_stated,
    fit=Between(0.1, 10000),
)
