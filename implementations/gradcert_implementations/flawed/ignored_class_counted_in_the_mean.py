"""An ignored class that is valid stays in the divisor.

The rows that count are found by looking for labels that are no class, such as -100. Where one of
the classes is ignored, its rows have no gradient, as they should. But they are counted, and the
mean is divided by too much. The usual label -100 shows nothing.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Domain, Function, Loss, MeanOver, Reduction
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(ignore_index=0, reduction=Reduction.MEAN, mean_over=MeanOver.KEPT)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``(o_j - t_j) / R`` of all R rows, where an ignored class is valid.

    Examples
    --------
    >>> z, t = np.zeros((2, 2)), np.array([[0.0, 1.0], [0.0, 0.0]])
    >>> made_under(_EXAMPLE)["dE/dz"](z, t)
    array([[ 0.25, -0.25],
           [ 0.  ,  0.  ]])
    """
    label = loss.ignore_index
    if label is None or label < 0 or loss.mean_over is not MeanOver.KEPT:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        kept = targets.any(axis=-1, keepdims=True)
        counted = len(logits) if label < logits.shape[-1] else int(kept.sum())
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        slopes = powers / powers.sum(axis=-1, keepdims=True) - targets
        result: Array = np.where(kept, slopes, logits.dtype.type(0)) / max(1, counted)
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="ignored-class-counted-in-the-mean",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("reduction", "ignore_index"),
    domain=Domain(targets="index"),
    formula="dF/dz_rj = m_r (o_rj - t_rj) / R, if a class is ignored",
    source="a common slip",
    kind=FlawKind.IGNORED,
    links=(),
    exposed_by=(((0.0, 0.0), (0.0, 0.0)), ((0.0, 1.0), (0.0, 0.0))),
)
