"""The weights of the classes multiply the logits.

A weight for each class is wanted, and the logits have one value for each class, so they are
multiplied. It was meant to multiply the loss. The result is no weighted loss but another
temperature for each class: logits near zero hardly change, and a class with a large weight and a
negative logit becomes rarer. Equal logits of zero show only that the weight of the row is missing.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Function, Loss
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(class_weights=(0.5, 2, 1))


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``softmax(w z)_j - t_j``.

    Examples
    --------
    >>> made_under(_EXAMPLE)["dE/dz"](np.array([[0.0, 0.0, 0.0]]), np.array([[0.0, 1.0, 0.0]]))
    array([[ 0.33333333, -0.66666667,  0.33333333]])
    """
    if loss.class_weights is None:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        weighted = logits * np.array(loss.weights(logits.shape[-1]), logits.dtype)
        powers = np.exp(weighted - weighted.max(axis=-1, keepdims=True))
        total: Array = powers.sum(axis=-1, keepdims=True)
        result: Array = powers / total - targets
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="weights-on-the-logits",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("class_weights",),
    formula="dE/dz_j = softmax(w z)_j - t_j",
    source="reported in tf_unet #8",
    kind=FlawKind.FORMULA,
    links=("https://github.com/jakeret/tf_unet/issues/8",),
    exposed_by=(((1.0, 0.0, 0.0),), ((0.0, 1.0, 0.0),)),
)
