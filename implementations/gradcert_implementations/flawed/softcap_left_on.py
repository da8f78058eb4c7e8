"""Logits pass through a softcap, the option of a few models.

Some models keep their logits within a bound by c tanh(z / c) before the softmax. The kernel that
does both is then used for a model without a cap, with the cap of the last one, or the default is
not infinite. Small logits hardly change, so random weights show nothing. The gradient has the slope
of the tanh as a factor, as it should if the cap were wanted.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import Between, ParametricFlaw

__all__ = ["capped", "implementation"]


def capped(cap: float) -> Mapping[QuantityName, Function]:
    """Return the quantities of the logits ``u_j = cap tanh(z_j / cap)``, by z.

    Examples
    --------
    >>> capped(1)["dE/dz"](np.array([[0.0, 5.0]]), np.array([[0.0, 1.0]]))
    array([[ 2.68959273e-01, -4.88384938e-05]])
    """

    def bent(logits: Array) -> Array:
        result: Array = np.tanh(logits / cap)
        return result

    def softmax(logits: Array) -> Array:
        u = bent(logits) * cap
        powers = np.exp(u - u.max(axis=-1, keepdims=True))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        return o

    def loss(logits: Array, targets: Array) -> Array:
        u = bent(logits) * cap
        shifted = u - u.max(axis=-1, keepdims=True)
        surprise = np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted
        total: Array = (targets * surprise).sum(axis=-1)
        return total

    def gradient(logits: Array, targets: Array) -> Array:
        by_capped = softmax(logits) - targets
        result: Array = by_capped * (1 - bent(logits) ** 2)
        return result

    return {"softmax": softmax, "loss": loss, "dE/dz": gradient}


def _stated(cap: float) -> str:
    return f"{cap:g} tanh(z_j / {cap:g}) in place of z_j"


implementation = ParametricFlaw(
    name="softcap-left-on",
    functions=capped(30),
    formula=_stated(30),
    source="a common slip; the softcap is an option of the losses of Liger-Kernel and Unsloth",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((16.0, 14.0),), ((1.0, 0.0),)),
    at=capped,
    stated=_stated,
    fit=Between(0.1, 10000),
)
