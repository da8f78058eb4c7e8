"""The classes behind the last whole block are read from the start of the row.

Whole blocks are loaded by a loop, and the rest of the row by other code, which counts its classes
from zero. The start of the rest is not added to the address, so the first classes of the row are
read again: their logits enter the sum. Their targets are subtracted, if the mistake is made with
both arrays. A row of whole blocks is right.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import OneOf, ParametricFlaw

__all__ = ["implementation", "in_whole_blocks"]


def in_whole_blocks(block: float, both: float) -> Mapping[QuantityName, Function]:
    """Return ``o_j - t_j`` of a row whose last classes are its first ones.

    If `both` is zero, the targets are read rightly.

    Examples
    --------
    >>> in_whole_blocks(2, 1)["dE/dz"](np.zeros((1, 3)), np.array([[1.0, 0.0, 0.0]]))
    array([[-0.66666667,  0.33333333, -0.66666667]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        classes = np.arange(logits.shape[-1])
        rest = len(classes) // int(block) * int(block)
        read = np.where(classes < rest, classes, classes - rest)
        z = logits[:, read]
        powers = np.exp(z - z.max(axis=-1, keepdims=True))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        return o - (targets[:, read] if both else targets)

    return {"dE/dz": gradient}


def _stated(block: float, both: float) -> str:
    read = "z_k, t_k" if both else "z_k"
    return f"{read} with k = j - m for classes j >= m, the last whole multiple of {block:g}"


implementation = ParametricFlaw(
    name="tail-read-from-the-start",
    functions=in_whole_blocks(8, 1),
    formula=_stated(8, 1),
    source="a common slip",
    kind=FlawKind.MEMORY,
    links=(),
    exposed_by=(((0.0,) * 9,), ((1.0, *(0.0,) * 8),)),
    at=in_whole_blocks,
    stated=_stated,
    fit=OneOf(tuple((2.0**k, both) for k in range(1, 13) for both in (1.0, 0.0))),
)
