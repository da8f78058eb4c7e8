"""The softcap is applied to the padding of a row too.

A kernel loads a row as a block of the next power of two, with minus infinity beyond the last class,
which the exponential makes zero. Then it caps the block, and c tanh(-inf / c) is -c: each padded
lane is a class with the least logit that there is. Logits near zero hide it, because exp(-c) is
small, and so does a vocabulary that is a power of two.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Function, Loss
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(softcap=20)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient by z with ``exp(-c)`` in the sum for each class up to a power of two.

    Examples
    --------
    >>> made_under(_EXAMPLE)["dE/dz"](np.zeros((1, 3)) - 20, np.array([[1.0, 0.0, 0.0]]))
    array([[-0.28037825,  0.13959609,  0.13959609]])
    """
    cap = loss.softcap
    if cap is None:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        classes = logits.shape[-1]
        padding = (1 << (classes - 1).bit_length()) - classes
        bent = np.tanh(logits * (loss.logit_scale / cap))
        u = bent * cap
        largest = u.max(axis=-1, keepdims=True)
        powers = np.exp(u - largest)
        padded = padding * np.exp(-largest - cap)
        by_u = powers / (powers.sum(axis=-1, keepdims=True) + padded) - targets
        result: Array = by_u * (loss.logit_scale * (1 - bent) * (1 + bent))
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="softcap-on-padding",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("softcap", "logit_scale"),
    formula="u_k = c tanh(s z_k / c), and -c for each class missing to a power of two",
    source="reported in Unsloth PR 10616",
    kind=FlawKind.SIZE,
    links=("https://github.com/unslothai/unsloth/pull/10616",),
    exposed_by=(((-20.0, -20.0, -20.0),), ((1.0, 0.0, 0.0),)),
)
