"""The backward of a softcap leaves its slope out.

The forward caps the logits by c tanh(z / c). The backward has the probabilities of the capped
logits and returns their difference from the target, which is the gradient by the capped logits. The
factor 1 - tanh(z / c)**2 is missing. It is near one for small logits, so random weights show
little.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Function, Loss
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(softcap=20)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``s (o_j - t_j)`` of the capped logits.

    Examples
    --------
    >>> made_under(_EXAMPLE)["dE/dz"](np.array([[20.0, 20.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    cap = loss.softcap
    if cap is None:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        u = np.tanh(logits * (loss.logit_scale / cap)) * cap
        powers = np.exp(u - u.max(axis=-1, keepdims=True))
        o = powers / powers.sum(axis=-1, keepdims=True)
        result: Array = (o - targets) * loss.logit_scale
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="softcap-slope-dropped",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("softcap", "logit_scale"),
    formula="dE/dz_j = o_j - t_j, without 1 - tanh(z_j / c)**2",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((16.0, 16.0),), ((1.0, 0.0),)),
)
