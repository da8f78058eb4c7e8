"""The scale of the logits is forgotten in the backward.

The forward multiplies the logits by a scale, one over a temperature. The backward takes the
probabilities of the scaled logits and the target, and returns their difference. That is the
gradient by the scaled logits, and the chain rule has the scale as another factor. A scale of one
shows nothing.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Function, Loss
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(logit_scale=0.5)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient by the scaled logits, ``softmax(s z)_j - t_j`` without a softcap.

    Examples
    --------
    >>> made_under(_EXAMPLE)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    if loss.logit_scale == 1:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        u, slope = logits * loss.logit_scale, np.ones_like(logits)
        if loss.softcap is not None:
            bent = np.tanh(u / loss.softcap)
            u, slope = loss.softcap * bent, 1 - bent * bent
        powers = np.exp(u - u.max(axis=-1, keepdims=True))
        o = powers / powers.sum(axis=-1, keepdims=True)
        result: Array = slope * (o - targets)
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="scale-forgotten-in-the-backward",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("softcap", "logit_scale"),
    formula="dE/dz_j = softmax(s z)_j - t_j, without s",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
