"""The backward of a mean leaves its divisor out.

The forward returns a mean, and the backward is that of a sum. Often the divisor is meant to come
with the upstream gradient, and the wrapper that was to bring it is not there. The loss is as it
should be, and the steps of a training run grow with the batch. A batch of one row shows nothing.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Function, Loss, Reduction
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(reduction=Reduction.MEAN)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``o_j - t_j``, for a mean.

    Examples
    --------
    >>> z, t = np.zeros((2, 2)), np.eye(2)
    >>> made_under(_EXAMPLE)["dE/dz"](z, t)
    array([[-0.5,  0.5],
           [ 0.5, -0.5]])
    """
    if loss.reduction is not Reduction.MEAN:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        total: Array = powers.sum(axis=-1, keepdims=True)
        result: Array = powers / total - targets
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="mean-without-its-divisor",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("reduction",),
    formula="dF/dz_rj = o_rj - t_rj, without 1/D",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0), (0.0, 0.0)), ((1.0, 0.0), (1.0, 0.0))),
)
