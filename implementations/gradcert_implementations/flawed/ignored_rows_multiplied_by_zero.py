"""Ignored rows are multiplied by zero.

A mask of ones and zeros is multiplied with the slopes, and a row that is ignored becomes zero. But
zero times NaN is NaN. Rows of padding are often not written at all, or hold nothing but -inf, and
their NaN goes through the mask. Padding that holds numbers shows nothing.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Domain, Function, Loss
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(ignore_index=-100)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``m_r (o_j - t_j)``, with m_r zero in rows without a target.

    Examples
    --------
    >>> z, t = np.array([[-np.inf, -np.inf]]), np.array([[0.0, 0.0]])
    >>> with np.errstate(invalid="ignore"):
    ...     made_under(_EXAMPLE)["dE/dz"](z, t)
    array([[nan, nan]])
    """
    if loss.ignore_index is None:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        mask = targets.any(axis=-1, keepdims=True).astype(logits.dtype)
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o = powers / powers.sum(axis=-1, keepdims=True)
        result: Array = mask * (o - targets)
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="ignored-rows-multiplied-by-zero",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("ignore_index",),
    domain=Domain(targets="index", ignored_rows_may_hold_anything=True),
    formula="dF/dz_rj = 0 (o_rj - t_rj) where row r is ignored",
    source="reported in PyTorch #11551",
    kind=FlawKind.IGNORED,
    links=("https://github.com/pytorch/pytorch/issues/11551",),
    exposed_by=(((-np.inf, -np.inf), (0.0, 0.0)), ((0.0, 0.0), (1.0, 0.0))),
)
