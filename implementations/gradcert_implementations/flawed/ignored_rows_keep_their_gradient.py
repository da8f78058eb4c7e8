"""Ignored rows get a gradient.

The forward leaves the rows out whose label is ignored. The backward writes probabilities for all
rows, and subtracts one at the label, which such a row does not have. So every padded position
pushes all of its logits down. A batch without ignored rows shows nothing.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Domain, Function, Loss
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(ignore_index=-100)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``o_j - t_j``, also in rows without a target.

    Examples
    --------
    >>> made_under(_EXAMPLE)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[0.0, 0.0]]))
    array([[0.5, 0.5]])
    """
    if loss.ignore_index is None:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        slopes: Array = powers / powers.sum(axis=-1, keepdims=True)
        slopes -= targets
        return slopes

    return {"dE/dz": gradient}


implementation = Flaw(
    name="ignored-rows-keep-their-gradient",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("ignore_index",),
    domain=Domain(targets="index"),
    formula="dF/dz_rj = o_rj where row r is ignored",
    source="reported in Paddle PR 28622",
    kind=FlawKind.IGNORED,
    links=("https://github.com/PaddlePaddle/Paddle/pull/28622",),
    exposed_by=(((0.0, 0.0),), ((0.0, 0.0),)),
)
