"""Each class gets e/(K - 1) of the smoothing, and the label gets it too.

There are two ways to smooth: over all K classes, e/K each, or over those but the label, e/(K - 1)
each. A mixture takes the share of the second and gives it to all classes of the first. The targets
sum to more than one then. For a large vocabulary the difference is below what a training run shows.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Function, Loss, SmoothingOver
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(label_smoothing=0.1)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``A o_j - w_j ((1 - e) t_j + e / (n - 1))`` of n classes.

    Examples
    --------
    >>> made_under(Loss(label_smoothing=0.5))["dE/dz"](np.zeros((1, 2)), np.array([[1.0, 0.0]]))
    array([[-0.5,  0. ]])
    """
    if not loss.label_smoothing or loss.smoothing_over is not SmoothingOver.ALL:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        e, n = loss.label_smoothing, logits.shape[-1]
        w = np.array(loss.weights(n) or (1,) * n, logits.dtype)
        mass = (w * ((1 - e) * targets + e / n)).sum(axis=-1, keepdims=True)
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o = powers / powers.sum(axis=-1, keepdims=True)
        result: Array = o * mass - w * ((1 - e) * targets + e / max(1, n - 1))
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="smoothing-divided-by-one-class-less",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("label_smoothing", "class_weights"),
    formula="dE/dz_j = o_j - ((1 - e) t_j + e / (K - 1))",
    source="a common slip; aprender has either share",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
