"""A mean over no rows has a gradient of NaN.

The slopes are divided by the number of rows that count. If every row of a batch is ignored, that is
zero over zero. A batch of nothing but padding comes up once in a long training run, or on one of
many devices, and one such step ruins all weights. A loss that promises zero there must look at it.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import (
    Array,
    Domain,
    Function,
    Loss,
    MeanOver,
    NothingKept,
    Reduction,
)
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(
    ignore_index=-100,
    reduction=Reduction.MEAN,
    mean_over=MeanOver.KEPT,
    nothing_kept_gradient=NothingKept.ZERO,
)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``m_r (o_j - t_j) / D``, where D may be zero.

    Examples
    --------
    >>> with np.errstate(invalid="ignore"):
    ...     made_under(_EXAMPLE)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[0.0, 0.0]]))
    array([[nan, nan]])
    """
    promised = loss.nothing_kept_gradient is NothingKept.ZERO and loss.ignore_index is not None
    if not promised or loss.mean_over is not MeanOver.KEPT:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        kept = targets.any(axis=-1, keepdims=True).astype(logits.dtype)
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        slopes = powers / powers.sum(axis=-1, keepdims=True) - targets
        result: Array = slopes * kept / kept.sum()
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="mean-over-no-rows-gives-nan",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("reduction", "ignore_index"),
    domain=Domain(targets="index"),
    formula="dF/dz_rj = m_r (o_rj - t_rj) / D, with D = 0",
    source="reported in aiter PR 5165",
    kind=FlawKind.IGNORED,
    links=("https://github.com/ROCm/aiter/pull/5165",),
    exposed_by=(((0.0, 0.0),), ((0.0, 0.0),)),
)
