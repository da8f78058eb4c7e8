"""A weighted mean is divided by the number of rows.

Where classes have weights, a mean is divided by the sum of the weights of the labels. A port
divides by the number of rows, as it would without weights. If the weights are about one on average,
the difference is a factor near one that changes from batch to batch. Equal weights of one show
nothing.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Domain, Function, Loss, MeanOver, Reduction
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(class_weights=(0.5, 2, 1), reduction=Reduction.MEAN, mean_over=MeanOver.WEIGHTS)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``(A o_j - w_j t_j) / R`` of R rows, for a mean over the weights.

    Examples
    --------
    >>> made_under(_EXAMPLE)["dE/dz"](np.array([[0.0, 0.0, 0.0]]), np.array([[0.0, 0.0, 1.0]]))
    array([[ 0.33333333,  0.33333333, -0.66666667]])
    """
    if loss.mean_over is not MeanOver.WEIGHTS:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        a = targets * np.array(loss.weights(logits.shape[-1]), logits.dtype)
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o = powers / powers.sum(axis=-1, keepdims=True)
        result: Array = (a.sum(axis=-1, keepdims=True) * o - a) / max(1, len(logits))
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="weighted-mean-over-rows",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("reduction", "class_weights"),
    domain=Domain(targets="index"),
    formula="dF/dz_rj = w_y (o_rj - t_rj) / R, with all R rows",
    source="reported in IREE #24228",
    kind=FlawKind.FORMULA,
    links=("https://github.com/iree-org/iree/issues/24228",),
    exposed_by=(((0.0, 0.0, 0.0),), ((1.0, 0.0, 0.0),)),
)
