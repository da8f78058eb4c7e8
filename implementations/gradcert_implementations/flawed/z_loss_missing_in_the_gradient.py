"""The z-loss is in the value and not in the gradient.

The forward adds a small multiple of the squared log-sum-exp. The backward was written for the loss
without it, or the value is reported and detached. The part is small, so the loss falls as it
should, but nothing keeps the logits near zero, which is what the z-loss is for.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Domain, Function, Loss
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(z_loss=0.01)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``A o_j - t_j``, with A the sum of the targets.

    Examples
    --------
    >>> made_under(Loss(z_loss=1))["dE/dz"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    if not loss.z_loss or loss.z_loss_mean_over is not None:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o = powers / powers.sum(axis=-1, keepdims=True)
        result: Array = targets.sum(axis=-1, keepdims=True) * o - targets
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="z-loss-missing-in-the-gradient",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("z_loss",),
    domain=Domain(targets="any"),
    formula="dE/dz_j = o_j - t_j, without 2 zeta L o_j",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
