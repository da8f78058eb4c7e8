"""Label smoothing divides by the number of rows.

The share of each class is e divided by the number of classes, which is the size of an axis. The
code takes the size of another axis. It was written for one row, or tested with as many rows as
classes. A square batch shows nothing.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Function, Loss, SmoothingOver
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(label_smoothing=0.1)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``A o_j - w_j ((1 - e) t_j + e / R)`` of R rows.

    Examples
    --------
    >>> made_under(Loss(label_smoothing=0.5))["dE/dz"](np.zeros((1, 2)), np.array([[1.0, 0.0]]))
    array([[-0.5,  0. ]])
    """
    if not loss.label_smoothing or loss.smoothing_over is not SmoothingOver.ALL:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        e, (rows, n) = loss.label_smoothing, logits.shape
        w = np.array(loss.weights(n) or (1,) * n, logits.dtype)
        smoothed = targets * (1 - e) + e / n
        wrong = targets * (1 - e) + e / max(1, rows)
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o = powers / powers.sum(axis=-1, keepdims=True)
        result: Array = (smoothed * w).sum(axis=-1, keepdims=True) * o - wrong * w
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="smoothing-divided-by-rows",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("label_smoothing", "class_weights"),
    formula="dE/dz_j = o_j - ((1 - e) t_j + e / R), with R rows",
    source="reported in TensorFlow #32231, #39329",
    kind=FlawKind.FORMULA,
    links=(
        "https://github.com/tensorflow/tensorflow/issues/32231",
        "https://github.com/tensorflow/tensorflow/issues/39329",
    ),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
