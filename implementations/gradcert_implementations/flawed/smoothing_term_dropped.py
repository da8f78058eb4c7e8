"""Label smoothing lowers the target and spreads nothing.

The factor 1 - e at the label is there, and the share of e that each class should get is not. It
looks like label smoothing, because the target is no longer one. But the gradient of a row does not
sum to zero, and all logits drift down together. It shows at once, if a row is ever summed.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Function, Loss, SmoothingOver
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(label_smoothing=0.1)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``A o_j - w_j (1 - e) t_j``.

    Examples
    --------
    >>> made_under(Loss(label_smoothing=0.5))["dE/dz"](np.zeros((1, 2)), np.array([[1.0, 0.0]]))
    array([[0. , 0.5]])
    """
    if not loss.label_smoothing or loss.smoothing_over is not SmoothingOver.ALL:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        e, n = loss.label_smoothing, logits.shape[-1]
        w = np.array(loss.weights(n) or (1,) * n, logits.dtype)
        kept = w * ((1 - e) * targets)
        mass = (kept + w * (e / n)).sum(axis=-1, keepdims=True)
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        result: Array = mass * (powers / powers.sum(axis=-1, keepdims=True)) - kept
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="smoothing-term-dropped",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("label_smoothing", "class_weights"),
    formula="dE/dz_j = o_j - (1 - e) t_j",
    source="reported in aprender #2199",
    kind=FlawKind.FORMULA,
    links=("https://github.com/paiml/aprender/issues/2199",),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
