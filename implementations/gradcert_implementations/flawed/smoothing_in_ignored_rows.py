"""Ignored rows get the smoothing part of the gradient.

The loss is a sum of two: that of the label, and that of the smoothing, which all classes share. The
rows that are ignored are left out of the first and not of the second, which needs no label. Every
padded position then pulls its probabilities to equal ones. No smoothing, or no ignored row, shows
nothing.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Domain, Function, Loss, SmoothingOver
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(label_smoothing=0.1, ignore_index=-100)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``A o_j - w_j ((1 - e) t_j + e / n)``, also in rows without a target.

    Examples
    --------
    >>> made_under(_EXAMPLE)["dE/dz"](np.array([[16.0, 0.0]]), np.array([[0.0, 0.0]]))
    array([[ 0.04999999, -0.04999999]])
    """
    if not loss.label_smoothing or loss.ignore_index is None:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        e, n = loss.label_smoothing, logits.shape[-1]
        if loss.smoothing_over is SmoothingOver.OTHERS:
            e *= n / (n - 1)
        w = np.array(loss.weights(n) or (1,) * n, logits.dtype)
        a = (1 - e) * w * targets + e / n * w
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o = powers / powers.sum(axis=-1, keepdims=True)
        result: Array = a.sum(axis=-1, keepdims=True) * o - a
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="smoothing-in-ignored-rows",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("label_smoothing", "class_weights", "ignore_index"),
    domain=Domain(targets="index"),
    formula="dF/dz_rj = e o_rj - e / K where row r is ignored",
    source="reported in PyTorch #73205, tinygrad PR 3570",
    kind=FlawKind.IGNORED,
    links=(
        "https://github.com/pytorch/pytorch/issues/73205",
        "https://github.com/tinygrad/tinygrad/pull/3570",
    ),
    exposed_by=(((16.0, 0.0),), ((0.0, 0.0),)),
)
