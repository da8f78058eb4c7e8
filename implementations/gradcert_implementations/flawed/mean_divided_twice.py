"""The divisor of a mean is applied twice.

The kernel divides by the number of rows, and so does the code that calls it, each for its own good
reason. One of the two was moved and the other one was not removed. Large batches learn much more
slowly than small ones, which is put down to the learning rate. A batch of one row shows nothing.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Function, Loss, MeanOver, Reduction
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(reduction=Reduction.MEAN)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``(o_j - t_j) / D**2``, for a mean that divides by D.

    Examples
    --------
    >>> z, t = np.zeros((2, 2)), np.eye(2)
    >>> made_under(_EXAMPLE)["dE/dz"](z, t)
    array([[-0.125,  0.125],
           [ 0.125, -0.125]])
    """
    if loss.reduction is not Reduction.MEAN or loss.mean_over is MeanOver.WEIGHTS:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        divisor = logits.size if loss.mean_over is MeanOver.ELEMENTS else len(logits)
        if loss.mean_over is MeanOver.KEPT:
            divisor = int(targets.any(axis=-1).sum())
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        slopes = powers / powers.sum(axis=-1, keepdims=True) - targets
        result: Array = slopes / max(1, divisor) / max(1, divisor)
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="mean-divided-twice",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("reduction",),
    formula="dF/dz_rj = (o_rj - t_rj) / D**2",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0), (0.0, 0.0)), ((1.0, 0.0), (1.0, 0.0))),
)
