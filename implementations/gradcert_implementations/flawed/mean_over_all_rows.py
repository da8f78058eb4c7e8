"""A mean over the rows that count is divided by all rows.

The loss takes its mean over the rows whose label is not ignored. The backward divides by the size
of the batch, which it has at hand. The padding of a batch differs from step to step, so the size of
a step depends on how much of it is padding. A batch without ignored rows shows nothing.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Domain, Function, Loss, MeanOver, Reduction
from gradcert_implementations.names import QuantityName

__all__ = ["implementation", "made_under"]

_EXAMPLE = Loss(ignore_index=-100, reduction=Reduction.MEAN, mean_over=MeanOver.KEPT)


def made_under(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient ``(o_j - t_j) / R`` of R rows, for a mean over those that are kept.

    Examples
    --------
    >>> z, t = np.zeros((2, 2)), np.array([[1.0, 0.0], [0.0, 0.0]])
    >>> made_under(_EXAMPLE)["dE/dz"](z, t)
    array([[-0.25,  0.25],
           [ 0.  ,  0.  ]])
    """
    if loss.mean_over is not MeanOver.KEPT or loss.ignore_index is None:
        return {}

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        slopes = powers / powers.sum(axis=-1, keepdims=True) - targets
        slopes[~targets.any(axis=-1)] = 0
        result: Array = slopes / max(1, len(logits))
        return result

    return {"dE/dz": gradient}


implementation = Flaw(
    name="mean-over-all-rows",
    functions=made_under(_EXAMPLE),
    loss=_EXAMPLE,
    functions_for=made_under,
    own=("reduction", "ignore_index"),
    domain=Domain(targets="index"),
    formula="dF/dz_rj = m_r (o_rj - t_rj) / R, with all R rows",
    source="reported in Paddle PR 76033, torch-mlir PR 3585",
    kind=FlawKind.FORMULA,
    links=(
        "https://github.com/PaddlePaddle/Paddle/pull/76033",
        "https://github.com/llvm/torch-mlir/pull/3585",
    ),
    exposed_by=(((0.0, 0.0), (0.0, 0.0)), ((1.0, 0.0), (0.0, 0.0))),
)
