"""The slope of the z-loss lacks its factor two.

The z-loss is the square of the log-sum-exp times a small number, and the derivative of a square has
a factor of two. It is left out, or the author has half the square in mind, as in weight decay. The
z-loss acts half as strongly as it should, and its weight is tuned by trial anyway.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Domain, Function, Loss
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(z_loss=0.01)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``A o_j - t_j + zeta L o_j``, with A the sum of the targets.

    Examples
    --------
    >>> made_under(Loss(z_loss=1))["dE/dz"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.15342641,  0.84657359]])
    """
    if not loss.z_loss or loss.z_loss_mean_over is not None:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        shift = logits.max(axis=-1, keepdims=True)
        powers = np.exp(logits - shift)
        mass = powers.sum(axis=-1, keepdims=True)
        o = powers / mass
        added = loss.z_loss * (shift + np.log(mass))
        result: Array = o * targets.sum(axis=-1, keepdims=True) - targets + added * o
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="z-loss-slope-halved",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("z_loss",),
    domain=Domain(targets="any"),
    formula="dE/dz_j = o_j - t_j + zeta L o_j, without the 2",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
