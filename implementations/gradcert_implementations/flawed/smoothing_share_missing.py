"""The loss is smoothed at the label, and no class gets its share.

Label smoothing multiplies the loss of the label by 1 - e and adds e / n times the loss of every
class. Where the second part is missing, the loss is the plain one times 1 - e. Gradient and loss
fit each other, so a difference quotient finds nothing wrong. Training goes on with a smaller step.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Function, Loss, SmoothingOver
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(label_smoothing=0.1)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the loss of the targets ``w_j (1 - e) t_j`` and its gradient.

    Examples
    --------
    >>> made_under(Loss(label_smoothing=0.5))["dE/dz"](np.zeros((1, 2)), np.array([[1.0, 0.0]]))
    array([[-0.25,  0.25]])
    """
    if not loss.label_smoothing or loss.smoothing_over is not SmoothingOver.ALL:
        return {}

    def left(targets: Array) -> Array:
        n = targets.shape[-1]
        a: Array = np.array(loss.weights(n) or (1,) * n, targets.dtype) * targets
        return a * (1 - loss.label_smoothing)

    def value(logits: Array, targets: Array) -> Array:
        a = left(targets)
        below = logits - logits.max(axis=-1, keepdims=True)
        surprise = np.log(np.exp(below).sum(axis=-1, keepdims=True)) - below
        total: Array = (a * np.where(a == 0, 0, surprise)).sum(axis=-1)
        return total

    def gradient(logits: Array, targets: Array) -> Array:
        a = left(targets)
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o = powers / powers.sum(axis=-1, keepdims=True)
        result: Array = a.sum(axis=-1, keepdims=True) * o - a
        return result

    return {"loss": value, "dE/dz": gradient}


implementation = Flaw(
    name="smoothing-share-missing",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("label_smoothing", "class_weights"),
    formula="E = -(1 - e) sum_j t_j ln o_j",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((1.0, 0.0),), ((1.0, 0.0),)),
)
