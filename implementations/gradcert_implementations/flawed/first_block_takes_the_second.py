"""The first block of classes has the probabilities of the second one.

To hide the latency of memory, a block is loaded while the one before is worked on. The first block
is loaded by a prologue before the loop. If the first round of the loop loads the second block into
the same buffer and does not wait, the first block is lost, and its probabilities are those of the
second. All other classes are right, and so is a row with less than two blocks.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import OneOf, ParametricFlaw

__all__ = ["implementation", "overwritten_by_the_next"]


def overwritten_by_the_next(block: float) -> Mapping[QuantityName, Function]:
    """Return ``o_k - t_j``, with k = j + block in the first of two or more blocks, else k = j.

    Examples
    --------
    >>> overwritten_by_the_next(1)["dE/dz"](np.array([[1.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.73105858,  0.26894142]])
    """
    size = int(block)

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        if o.shape[-1] >= 2 * size:
            o[:, :size] = o[:, size : 2 * size]
        return o - targets

    return {"dE/dz": gradient}


def _stated(block: float) -> str:
    return f"dE/dz_j = o_k - t_j with k = j + {block:g} for j < {block:g}, in rows of two blocks"


implementation = ParametricFlaw(
    name="first-block-takes-the-second",
    functions=overwritten_by_the_next(4),
    formula=_stated(4),
    source="a common slip",
    kind=FlawKind.MEMORY,
    links=(),
    exposed_by=(((1.0, *(0.0,) * 7),), ((1.0, *(0.0,) * 7),)),
    at=overwritten_by_the_next,
    stated=_stated,
    fit=OneOf(tuple((2.0**k,) for k in range(13))),
)
