"""A weighted mean counts the weights of ignored rows.

The divisor is the sum of the weights of the labels. They are gathered for all rows, and an ignored
row has a label too: the class that is ignored, or -100, which is clamped to the first class so that
the gather stays in bounds. The gradient of such a row is zero, but its weight is in the divisor.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Domain, Function, Loss, MeanOver, Reduction
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(
    class_weights=(0.5, 2, 1),
    ignore_index=-100,
    reduction=Reduction.MEAN,
    mean_over=MeanOver.WEIGHTS,
)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``w_y (o_j - t_j) / D``, with the weights of ignored rows in D.

    Examples
    --------
    >>> z, t = np.zeros((2, 3)), np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    >>> made_under(_EXAMPLE)["dE/dz"](z, t)
    array([[ 0.22222222,  0.22222222, -0.44444444],
           [ 0.        ,  0.        ,  0.        ]])
    """
    if loss.mean_over is not MeanOver.WEIGHTS or loss.ignore_index is None:
        return {}
    if loss.label_smoothing:
        return {}
    ignored = max(0, loss.ignore_index)

    def gradient(logits: Array, targets: Array) -> Array:
        kept, last = targets.any(axis=-1), logits.shape[-1] - 1
        weights = np.array(loss.weights(last + 1), logits.dtype)
        labels = np.where(kept, targets.argmax(axis=-1), min(ignored, last))
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        slopes = powers / powers.sum(axis=-1, keepdims=True) - targets
        factors = np.where(kept, weights[labels] / weights[labels].sum(), weights.dtype.type(0))
        result: Array = slopes * factors[:, np.newaxis]
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="weights-of-ignored-rows-counted",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("reduction", "class_weights", "ignore_index"),
    domain=Domain(targets="index"),
    formula="dF/dz_rj = m_r w_y (o_rj - t_rj) / sum_r w_y",
    source="reported in PyTorch #69339, #91383",
    kind=FlawKind.IGNORED,
    links=(
        "https://github.com/pytorch/pytorch/issues/69339",
        "https://github.com/pytorch/pytorch/issues/91383",
    ),
    exposed_by=(((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)), ((0.0, 0.0, 1.0), (0.0, 0.0, 0.0))),
)
