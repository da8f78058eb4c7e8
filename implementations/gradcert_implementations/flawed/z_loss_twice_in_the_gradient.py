"""The gradient has the z-loss twice.

The kernel adds the gradient of the z-loss, and the z-loss is returned beside the loss as well, to
be added by the caller. Autograd differentiates it once more then. The value is right, because it is
added once. The part is so small that a comparison of losses over a training run does not show it.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Domain, Function, Loss
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(z_loss=0.01)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``A o_j - t_j + 4 zeta L o_j``, with A the sum of the targets.

    Examples
    --------
    >>> made_under(Loss(z_loss=1))["dE/dz"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[0.88629436, 1.88629436]])
    """
    if not loss.z_loss or loss.z_loss_mean_over is not None:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        largest = logits.max(axis=-1, keepdims=True)
        powers = np.exp(logits - largest)
        total = powers.sum(axis=-1, keepdims=True)
        lse = largest + np.log(total)
        factor = targets.sum(axis=-1, keepdims=True) + lse * (4 * loss.z_loss)
        result: Array = factor * (powers / total) - targets
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="z-loss-twice-in-the-gradient",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("z_loss",),
    domain=Domain(targets="any"),
    formula="dE/dz_j = o_j - t_j + 4 zeta L o_j",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
