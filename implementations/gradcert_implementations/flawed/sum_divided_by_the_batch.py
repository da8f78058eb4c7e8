"""A sum over rows is divided by the size of the batch.

One backward serves all reductions, and it was written for the mean. It divides by the number of
rows whatever the reduction is. The forward looks at the option, so the value is a sum and its
gradient is that of a mean. A batch of one row shows nothing.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Function, Loss, Reduction
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(reduction=Reduction.SUM)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``(o_j - t_j) / R`` of R rows, for their sum.

    Examples
    --------
    >>> z, t = np.zeros((2, 2)), np.eye(2)
    >>> made_under(_EXAMPLE)["dE/dz"](z, t)
    array([[-0.25,  0.25],
           [ 0.25, -0.25]])
    """
    if loss.reduction is not Reduction.SUM:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o = powers / powers.sum(axis=-1, keepdims=True)
        result: Array = (o - targets) * (1 / max(1, len(o)))
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="sum-divided-by-the-batch",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("reduction",),
    formula="dF/dz_rj = (o_rj - t_rj) / R",
    source="reported in aprender #2182",
    kind=FlawKind.FORMULA,
    links=("https://github.com/paiml/aprender/issues/2182",),
    exposed_by=(((0.0, 0.0), (0.0, 0.0)), ((1.0, 0.0), (1.0, 0.0))),
)
