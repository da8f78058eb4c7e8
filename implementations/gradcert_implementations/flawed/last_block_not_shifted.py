"""In the sum, the last block of classes lacks the shift.

A row is summed in blocks of eight classes, and the largest logit is subtracted as a block is
loaded. The last block is loaded by other code, because it is shorter and needs a mask, and there
the subtraction is missing. A row of one block has only the common code and is right. In longer rows
the sum is wrong, unless the largest logit is zero. The division is another loop and is right.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import OneOf, ParametricFlaw

__all__ = ["implementation", "in_blocks"]


def in_blocks(block: float, first: float) -> Mapping[QuantityName, Function]:
    """Return ``o_j - t_j``, with ``exp(z_k)`` in the sum for the last block.

    Parameters
    ----------
    block
        The number of classes in a block.
    first
        The number of the first block that is taken for the last one: 0, or 1 where a row of one
        block is right.

    Examples
    --------
    >>> in_blocks(8, 1)["dE/dz"](np.array([[1.0, 1.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        last = (logits.shape[-1] - 1) // int(block) * int(block)
        unshifted = (last >= first) & (np.arange(logits.shape[-1]) >= last)
        shifted = logits - logits.max(axis=-1, keepdims=True)
        terms = np.exp(np.where(unshifted, logits, shifted))
        o: Array = np.exp(shifted) / terms.sum(axis=-1, keepdims=True)
        return o - targets

    return {"dE/dz": gradient}


def _stated(block: float, first: float) -> str:
    only = "" if first else ", or in the only one,"
    return f"S = sum_k exp(z_k - m), but exp(z_k) in the last of several blocks{only} of {block:g}"


implementation = ParametricFlaw(
    name="last-block-not-shifted",
    functions=in_blocks(8, 1),
    formula=_stated(8, 1),
    source="reported in tt-metal #51278",
    kind=FlawKind.SIZE,
    links=("https://github.com/tenstorrent/tt-metal/issues/51278",),
    exposed_by=(((1.0,) * 9,), ((1.0, *(0.0,) * 8),)),
    at=in_blocks,
    stated=_stated,
    fit=OneOf(tuple((2.0**k, first) for first in (1.0, 0.0) for k in range(1, 13))),
)
