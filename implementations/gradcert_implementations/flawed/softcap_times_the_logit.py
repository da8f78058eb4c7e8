"""A softcap multiplies by the logit and not by the cap.

The formula is c tanh(z / c). Here z takes the place of the first c. The result is near z**2 / c for
small logits, which makes negative ones positive, and near the size of z for large ones, so that
nothing is capped. Gradient and loss fit each other, and a difference quotient finds nothing wrong.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Function, Loss
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(softcap=20)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the loss of the logits ``x tanh(x / c)``, with ``x = s z``, and its gradient by z.

    Examples
    --------
    >>> made_under(_EXAMPLE)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.,  0.]])
    """
    cap = loss.softcap
    if cap is None:
        return {}

    def value(logits: Array, targets: Array) -> Array:
        x = logits * loss.logit_scale
        u = x * np.tanh(x / cap)
        below = u - u.max(axis=-1, keepdims=True)
        surprise = np.log(np.exp(below).sum(axis=-1, keepdims=True)) - below
        total: Array = (targets * surprise).sum(axis=-1)
        return total

    def gradient(logits: Array, targets: Array) -> Array:
        x = logits * loss.logit_scale
        bent = np.tanh(x / cap)
        u = x * bent
        powers = np.exp(u - u.max(axis=-1, keepdims=True))
        slope = bent + x / cap * (1 - bent**2)
        o = powers / powers.sum(axis=-1, keepdims=True)
        result: Array = (o - targets) * slope * loss.logit_scale
        return result

    return {"loss": value, "dE/dz": gradient}


implementation = Flaw(
    name="softcap-times-the-logit",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("softcap", "logit_scale"),
    formula="z_j tanh(z_j / c) in place of c tanh(z_j / c)",
    source="reported in unsloth-zoo PR 593",
    kind=FlawKind.FORMULA,
    links=("https://github.com/unslothai/unsloth-zoo/pull/593",),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
