"""The softcap is applied before the logits are scaled.

A model scales its logits and caps what comes out. The kernel caps first and scales then, so the
bound of the logits is s c and not c. Where only one of the two options is used, or both are near
their defaults, the order makes no difference, and each was tested alone.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Function, Loss
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(softcap=20, logit_scale=0.5)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient by z of the logits ``s c tanh(z / c)``.

    Examples
    --------
    >>> made_under(_EXAMPLE)["dE/dz"](np.array([[20.0, 20.0]]), np.array([[1.0, 0.0]]))
    array([[-0.10499359,  0.10499359]])
    """
    cap = loss.softcap
    if cap is None or loss.logit_scale == 1:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        bent = np.tanh(logits / cap)
        u = bent * (loss.logit_scale * cap)
        powers = np.exp(u - u.max(axis=-1, keepdims=True))
        by_u = powers / powers.sum(axis=-1, keepdims=True) - targets
        result: Array = by_u * (loss.logit_scale - loss.logit_scale * bent**2)
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="softcap-before-the-scale",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("softcap", "logit_scale"),
    formula="s c tanh(z_j / c) in place of c tanh(s z_j / c)",
    source="reported in TRL PR 5691",
    kind=FlawKind.FORMULA,
    links=("https://github.com/huggingface/trl/pull/5691",),
    exposed_by=(((16.0, 16.0),), ((1.0, 0.0),)),
)
