"""Every row has the weight of the first class.

A kernel reads the weight by a pointer and forgets to add the label to it. Or a tensor of weights is
reduced to one number on the way. All rows have the same factor then, and a training run looks as if
the learning rate were another. Equal weights, and labels of the first class, show nothing.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Function, Loss
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(class_weights=(0.5, 2, 1))


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``w_0 (o_j - t_j)``.

    Examples
    --------
    >>> made_under(_EXAMPLE)["dE/dz"](np.array([[0.0, 0.0, 0.0]]), np.array([[0.0, 1.0, 0.0]]))
    array([[ 0.16666667, -0.33333333,  0.16666667]])
    """
    if loss.class_weights is None:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        weights = np.array(loss.weights(logits.shape[-1]), logits.dtype)
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o = powers / powers.sum(axis=-1, keepdims=True)
        result: Array = weights[:1] * (o - targets)
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="weight-of-the-first-class-for-all",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("class_weights",),
    formula="dE/dz_j = w_0 (o_j - t_j)",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0, 0.0),), ((0.0, 1.0, 0.0),)),
)
