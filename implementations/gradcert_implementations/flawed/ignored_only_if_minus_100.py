"""A row is ignored only if its label is -100.

The label that is ignored is an option, and -100 is its usual value. The kernel compares with -100
and not with the option. Where another label is ignored, a class for padding or for what is unknown,
its rows are trained on as any others. The usual value shows nothing.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Domain, Function, Loss
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(ignore_index=0)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``o_j - t_j``, with the ignored class as the label of ignored rows.

    Examples
    --------
    >>> made_under(_EXAMPLE)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[0.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    label = loss.ignore_index
    if label is None or label < 0 or loss.class_weights is not None or loss.label_smoothing:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        slopes: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
        if label < slopes.shape[-1]:
            slopes[~targets.any(axis=-1), label] -= 1
        return slopes

    return {"dE/dz": gradient}


implementation = Flaw(
    name="ignored-only-if-minus-100",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("ignore_index",),
    domain=Domain(targets="index"),
    formula="dF/dz_rj = o_rj - (1 if j = y_r else 0), unless y_r = -100",
    source="a common slip",
    kind=FlawKind.IGNORED,
    links=(),
    exposed_by=(((0.0, 0.0),), ((0.0, 0.0),)),
)
