"""Each class has the weight of the class after it.

The weights are stored with one class more or less than the logits: a background, a padding or an
unknown class comes first in one of the two. Every weight is read one place off, and the last wraps
around. Weights that are nearly equal hide it well, because every row still gets some weight.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Function, Loss
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(class_weights=(0.5, 2, 1))


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``A o_j - a_j``, with ``a_j = w_(j + 1) t_j``.

    Examples
    --------
    >>> made_under(_EXAMPLE)["dE/dz"](np.array([[0.0, 0.0, 0.0]]), np.array([[1.0, 0.0, 0.0]]))
    array([[-1.33333333,  0.66666667,  0.66666667]])
    """
    if loss.class_weights is None:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        weights = np.array(loss.weights(logits.shape[-1]), logits.dtype)
        a = np.roll(weights, -1) * targets
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o = powers / powers.sum(axis=-1, keepdims=True)
        result: Array = o * a.sum(axis=-1, keepdims=True) - a
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="weight-of-the-next-class",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("class_weights",),
    formula="dE/dz_j = w_(y + 1) (o_j - t_j)",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0, 0.0),), ((1.0, 0.0, 0.0),)),
)
