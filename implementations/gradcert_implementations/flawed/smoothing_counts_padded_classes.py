"""Label smoothing counts classes that are padding.

The vocabulary is padded to a multiple of 64, or divided among devices. The share of each class is e
divided by the width of the array, and not by the number of classes. Some of the target is given to
classes that do not exist. A vocabulary that fills its array shows nothing.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Function, Loss, SmoothingOver
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(label_smoothing=0.1)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``A o_j - w_j ((1 - e) t_j + e / N)``, with n up to a multiple N of 64.

    Examples
    --------
    >>> made_under(Loss(label_smoothing=0.5))["dE/dz"](np.zeros((1, 2)), np.array([[1.0, 0.0]]))
    array([[-0.0078125,  0.4921875]])
    """
    if not loss.label_smoothing or loss.smoothing_over is not SmoothingOver.ALL:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        e, n = loss.label_smoothing, logits.shape[-1]
        w = np.array(loss.weights(n) or (1,) * n, logits.dtype)
        own, width = w * (targets * (1 - e)), -(-n // 64) * 64
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        slopes = (own.sum(axis=-1, keepdims=True) + w.sum() * (e / n)) * powers
        slopes /= powers.sum(axis=-1, keepdims=True)
        result: Array = slopes - own - w * (e / width)
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="smoothing-counts-padded-classes",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("label_smoothing", "class_weights"),
    formula="dE/dz_j = o_j - ((1 - e) t_j + e / N), with K up to a multiple N of 64",
    source="a common slip",
    kind=FlawKind.SIZE,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
